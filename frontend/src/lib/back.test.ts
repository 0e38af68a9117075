// @vitest-environment jsdom
import { act, createElement, useState } from "react";
import { createRoot } from "react-dom/client";
import { afterEach, beforeEach, expect, test } from "vitest";
import { leaveLayers, useBackCloses } from "./back.ts";

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

let set: (open: readonly string[]) => void = () => undefined;
let shown: readonly string[] = [];

function Layer({ name }: { name: string }) {
  useBackCloses(true, () => set(shown.filter((other) => other !== name)));
  return null;
}

function Layers() {
  const [open, setOpen] = useState<readonly string[]>([]);
  set = setOpen;
  shown = open;
  return open.map((name) => createElement(Layer, { key: name, name }));
}

/** Lets the history follow: it does so in another turn, and going back takes one more. */
const rest = () => act(() => new Promise<void>((resolve) => setTimeout(resolve, 60)));
const open = async (...names: string[]) => {
  act(() => set(names));
  await rest();
};
const back = async () => {
  history.back();
  await rest();
};
const layer = () => (history.state as { layer?: number } | null)?.layer ?? 0;

const root = createRoot(document.createElement("div"));
beforeEach(async () => {
  act(() => root.render(createElement(Layers)));
  await open();
  history.pushState(null, "", "/r/room");
});
afterEach(async () => {
  await open();
});

test("Back closes the uppermost layer, one at a time, at the same address", async () => {
  await open("panel", "dialog");
  expect(layer()).toBe(2);
  await back();
  expect(shown).toEqual(["panel"]);
  await back();
  expect(shown).toEqual([]);
  expect(location.pathname).toBe("/r/room");
  expect(layer()).toBe(0);
});

test("a layer that closes by itself leaves no entry behind", async () => {
  await open("menu");
  await open();
  expect(layer()).toBe(0);
});

test("a dialog that a menu opens takes over the menu's entry", async () => {
  await open("menu");
  const entries = history.length;
  await open("dialog");
  expect(history.length).toBe(entries);
  expect(layer()).toBe(1);
  await back();
  expect(shown).toEqual([]);
  expect(layer()).toBe(0);
});

test("Forward to the entry of a closed layer opens nothing and returns", async () => {
  await open("viewer");
  await back();
  history.forward();
  await rest();
  await rest();
  expect(shown).toEqual([]);
  expect(layer()).toBe(0);
});

test("a new address takes the place of an open layer's entry", async () => {
  await open("dialog");
  expect(leaveLayers()).toBe(true);
  history.replaceState(null, "", "/r/other");
  await open();
  expect(location.pathname).toBe("/r/other");
  await back();
  expect(location.pathname).toBe("/r/room");
});
