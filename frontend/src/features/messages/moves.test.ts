import { describe, expect, test } from "vitest";
import { moveTo } from "./moves.ts";

/** A hundred rows of 50 px in a window of 500. */
const place = (from: number, view = 500) => ({
  from,
  count: 100,
  view,
  offsetOf: (index: number) => index * 50,
  indexAt: (offset: number) => Math.min(99, Math.floor(offset / 50)),
});

describe("the keys of the list", () => {
  test("arrows move by one and stop at the ends", () => {
    expect(moveTo("ArrowUp", place(5))).toBe(4);
    expect(moveTo("ArrowUp", place(0))).toBe(0);
    expect(moveTo("ArrowDown", place(5))).toBe(6);
    expect(moveTo("ArrowDown", place(99))).toBe(99);
  });

  test("Home and End go to the ends", () => {
    expect(moveTo("Home", place(50))).toBe(0);
    expect(moveTo("End", place(50))).toBe(99);
  });

  test("a page is a window's height, and at least one row", () => {
    expect(moveTo("PageUp", place(50))).toBe(40);
    expect(moveTo("PageDown", place(50))).toBe(60);
    expect(moveTo("PageUp", place(3))).toBe(0);
    expect(moveTo("PageDown", place(97))).toBe(99);
    expect(moveTo("PageDown", place(50, 20))).toBe(51);
    expect(moveTo("PageUp", place(50, 0))).toBe(49);
  });

  test("other keys do not move", () => {
    for (const key of ["Enter", "Tab", "a", "Escape", "ArrowLeft"]) expect(moveTo(key, place(50))).toBeNull();
  });
});
