/** Owns URLs: `/`, `/r/{room}`, `/r/{room}/{seq}`. The room is a slug or an id. */
import { useSyncExternalStore } from "react";

export interface Route {
  readonly room: string | null;
  /** `seq` of a message to show. */
  readonly seq: number | null;
}

const listeners = new Set<() => void>();

export function parse(path: string): Route {
  const match = /^\/r\/([^/]+)(?:\/(\d{1,15}))?\/?$/.exec(path);
  if (match?.[1] === undefined) return { room: null, seq: null };
  try {
    return { room: decodeURIComponent(match[1]), seq: match[2] === undefined ? null : Number(match[2]) };
  } catch {
    return { room: null, seq: null };
  }
}

export function pathOf(room: string | null, seq: number | null = null): string {
  if (room === null) return "/";
  return `/r/${encodeURIComponent(room)}${seq === null ? "" : `/${seq}`}`;
}

export function navigate(path: string, { replace = false } = {}): void {
  if (replace) history.replaceState(history.state, "", path);
  else history.pushState({ inside: true }, "", path);
  for (const listener of listeners) listener();
}

/** Goes back to the room list: through the history if the user came from there, so that the back button agrees. */
export function back(): void {
  if ((history.state as { inside?: boolean } | null)?.inside === true) history.back();
  else navigate("/", { replace: true });
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener("popstate", listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("popstate", listener);
  };
}

export function usePath(): string {
  return useSyncExternalStore(subscribe, () => location.pathname);
}
