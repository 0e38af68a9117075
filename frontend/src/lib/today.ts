/** Owns when a new day begins, for what says "Today": a page stays open for days, and a device may sleep through midnight. */
import { useSyncExternalStore } from "react";
import { dayKey } from "./format.ts";

/** The timer fires this long after midnight, so that a clock that is corrected back does not make it fire on the old day. */
const AFTER_MIDNIGHT_MS = 100;

let timer: ReturnType<typeof setTimeout> | undefined;
const listeners = new Set<() => void>();

/** Returns the milliseconds to the next midnight by the local calendar, which is not always 24 hours after the last. */
export function untilMidnight(now: Date): number {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1).getTime() - now.getTime();
}

function wait(): void {
  clearTimeout(timer);
  timer = setTimeout(tell, untilMidnight(new Date()) + AFTER_MIDNIGHT_MS);
}

function tell(): void {
  wait();
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) {
    wait();
    // A timer stands still while the device sleeps.
    document.addEventListener("visibilitychange", tell);
    window.addEventListener("focus", tell);
  }
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", tell);
    window.removeEventListener("focus", tell);
  };
}

/** Re-renders the component when the day changes. Returns the present day as `dayKey` does. */
export function useToday(): string {
  return useSyncExternalStore(subscribe, () => dayKey(new Date().toISOString()));
}
