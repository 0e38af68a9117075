/**
 * Owns that Back closes what lies above the page (a dialog, a menu, a panel) before it leaves the page. Each open layer has one entry in
 * the browser's history, at the same address. Layers open and close in any order within one turn; the history follows once they rest.
 */
import { useEffect, useRef } from "react";

interface Layer {
  readonly close: () => void;
}

const layers: Layer[] = [];
/** Number of layer entries in the history, up to the present one. */
let depth = 0;
/** Whether the history is on its way back because a layer was closed. */
let returns = false;
let waits = false;
let listens = false;
const afterwards: (() => void)[] = [];

function depthOf(state: unknown): number {
  return (state as { layer?: number } | null)?.layer ?? 0;
}

function follow(): void {
  if (waits) return;
  waits = true;
  // A menu that opens a dialog closes itself: the dialog takes over its entry.
  setTimeout(() => {
    waits = false;
    if (returns) return;
    while (depth < layers.length) {
      depth++;
      history.pushState({ ...(history.state as object | null), layer: depth }, "");
    }
    if (depth > layers.length) {
      returns = true;
      history.go(layers.length - depth);
    }
  });
}

function onPop(event: PopStateEvent): void {
  const own = returns;
  returns = false;
  depth = depthOf(event.state);
  for (const run of afterwards.splice(0)) run();
  // Back closes the uppermost layers. Forward to the entry of a closed one opens nothing: the history returns.
  if (!own) while (layers.length > depth) layers.pop()?.close();
  follow();
}

/** Runs now, or once the history has returned from a closed layer: a new entry before that would be left again. */
export function whenAtRest(run: () => void): void {
  if (returns) afterwards.push(run);
  else run();
}

/** Says that the address changes: the entry of an open layer is used for the new address, instead of being left behind. */
export function leaveLayers(): boolean {
  const had = depth > 0 && depthOf(history.state) > 0;
  depth = 0;
  return had;
}

/** Calls `close` when the user goes back, as long as it is `open`. */
export function useBackCloses(open: boolean, close: () => void): void {
  const latest = useRef(close);
  useEffect(() => {
    latest.current = close;
  });
  useEffect(() => {
    if (!open) return;
    if (!listens) {
      listens = true;
      // The entry of a layer that was open before a reload.
      if (depthOf(history.state) > 0) history.replaceState({ ...(history.state as object), layer: 0 }, "");
      window.addEventListener("popstate", onPop);
    }
    const layer = { close: () => latest.current() };
    layers.push(layer);
    follow();
    return () => {
      const at = layers.indexOf(layer);
      if (at >= 0) layers.splice(at, 1);
      follow();
    };
  }, [open]);
}

/** On these devices Back is a gesture or a button that closes whatever is open. */
export const BACK_CLOSES = "(max-width: 719px), (pointer: coarse)";
