/** Owns hooks that any feature may use and that know nothing of chat. */
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from "react";

const media = new Map<string, MediaQueryList>();

/** Returns whether a media query matches. */
export function useMedia(query: string): boolean {
  const list = media.get(query) ?? window.matchMedia(query);
  media.set(query, list);
  const subscribe = useCallback(
    (changed: () => void) => {
      list.addEventListener("change", changed);
      return () => list.removeEventListener("change", changed);
    },
    [list],
  );
  return useSyncExternalStore(subscribe, () => list.matches);
}

/** Returns whether the page is in sight and has the focus: its user sees what arrives. */
export function useFocus(): boolean {
  return useSyncExternalStore(followFocus, () => !document.hidden && document.hasFocus());
}

function followFocus(changed: () => void): () => void {
  const over = new AbortController();
  for (const type of ["focus", "blur"]) window.addEventListener(type, changed, { signal: over.signal });
  document.addEventListener("visibilitychange", changed, { signal: over.signal });
  return () => over.abort();
}

/** Returns the time, updated every `everyMs`; stands still when `everyMs` is null. */
export function useNow(everyMs: number | null): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (everyMs === null) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

/** Returns `value` once it has not changed for `ms`. */
export function useSettled<T>(value: T, ms: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}

/** Calls the newest `handler` for an event of the window. */
export function useWindowEvent<K extends keyof WindowEventMap>(type: K, handler: (event: WindowEventMap[K]) => void) {
  const latest = useRef(handler);
  useEffect(() => {
    latest.current = handler;
  });
  useEffect(() => {
    const listener = (event: WindowEventMap[K]) => latest.current(event);
    window.addEventListener(type, listener);
    return () => window.removeEventListener(type, listener);
  }, [type]);
}
