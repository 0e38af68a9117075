/** Owns short notices at the bottom of the page, for refused requests where no form is open. */
import { useSyncExternalStore } from "react";
import { t } from "../i18n/index.ts";
import { explain } from "../lib/errors.ts";
import { IconButton } from "./Button.tsx";
import s from "./Toasts.module.css";

interface Toast {
  readonly id: number;
  readonly text: string;
}

const SHOWN_MS = 6_000;
const MAX_TOASTS = 3;
let toasts: readonly Toast[] = [];
let nextId = 1;
const listeners = new Set<() => void>();

function set(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

export function toast(text: string): void {
  const made = { id: nextId++, text };
  set([...toasts, made].slice(-MAX_TOASTS));
  setTimeout(() => dismiss(made.id), SHOWN_MS);
}

/** Runs a request and shows a notice when it is refused. */
export function attempt(request: Promise<unknown>): void {
  request.catch((error: unknown) => toast(explain(error)));
}

function dismiss(id: number): void {
  if (toasts.some((one) => one.id === id)) set(toasts.filter((one) => one.id !== id));
}

export function Toasts() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => toasts,
  );
  return (
    <div className={s.toasts} role="status">
      {shown.map((one) => (
        <div key={one.id} className={s.toast}>
          <span>{one.text}</span>
          <IconButton small icon="close" size={16} label={t("action.close")} onPress={() => dismiss(one.id)} />
        </div>
      ))}
    </div>
  );
}
