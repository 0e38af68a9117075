/**
 * Owns URLs: those of routes.json, which is also what the server answers with the page, each below the path where the page is
 * published. The room is a slug or an id, and the seq a number of at most 15 digits.
 */
import { useSyncExternalStore } from "react";
import { leaveLayers, whenAtRest } from "../lib/back.ts";
import routes from "./routes.json";

export interface Route {
  readonly room: string | null;
  /** `seq` of a message to show. */
  readonly seq: number | null;
}

const listeners = new Set<() => void>();

const PATTERNS: readonly RegExp[] = routes.map((route) => {
  const pattern = route.replace("{room}", "(?<room>[^/]+)").replace("{seq}", "(?<seq>\\d{1,15})");
  return new RegExp(`^${pattern}/?$`);
});

/** The path before every path of the page, such as `/chat`; empty at the root of the host. */
let base = "";

/** Sets the path where the page is published. */
export function setBase(path: string): void {
  base = path;
}

/** Returns the path where the page is published, for the address of its entry module, which the build puts one folder below. */
export function baseOf(module: string): string {
  return new URL(module).pathname.replace(/\/[^/]*\/[^/]*$/, "");
}

export function parse(path: string): Route {
  if (!path.startsWith(`${base}/`)) return { room: null, seq: null };
  const rest = path.slice(base.length);
  const found = PATTERNS.map((pattern) => pattern.exec(rest)).find((match) => match !== null);
  const { room, seq } = found?.groups ?? {};
  if (room === undefined) return { room: null, seq: null };
  try {
    return { room: decodeURIComponent(room), seq: seq === undefined ? null : Number(seq) };
  } catch {
    return { room: null, seq: null };
  }
}

export function pathOf(room: string | null, seq: number | null = null): string {
  if (room === null) return `${base}/`;
  return `${base}/r/${encodeURIComponent(room)}${seq === null ? "" : `/${seq}`}`;
}

/** Returns whether a path is that of the form for a new password, whose link an admin made. */
export function isReset(path: string): boolean {
  return path === `${base}/reset` || path === `${base}/reset/`;
}

export function navigate(path: string, { replace = false } = {}): void {
  whenAtRest(() => go(path, replace));
}

function go(path: string, replace: boolean): void {
  const from = location.pathname;
  // A dialog that leads elsewhere gives its entry to the new address.
  const layer = leaveLayers();
  if (replace) history.replaceState({ ...(history.state as object | null), layer: 0 }, "", path);
  else if (layer) history.replaceState({ from }, "", path);
  else history.pushState({ from }, "", path);
  for (const listener of listeners) listener();
}

/** Goes back to the room list: through the history if the user came from there, so that the back button agrees. */
export function back(): void {
  if ((history.state as { from?: string } | null)?.from === pathOf(null)) history.back();
  else navigate(pathOf(null), { replace: true });
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
