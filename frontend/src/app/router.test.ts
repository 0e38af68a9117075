import { afterEach, expect, test } from "vitest";
import { baseOf, parse, pathOf, setBase } from "./router.ts";

afterEach(() => setBase(""));

test("a path names a room and a message", () => {
  expect(parse("/")).toEqual({ room: null, seq: null });
  expect(parse("/r/general")).toEqual({ room: "general", seq: null });
  expect(parse("/r/general/")).toEqual({ room: "general", seq: null });
  expect(parse("/r/general/12")).toEqual({ room: "general", seq: 12 });
  expect(parse(pathOf("a b/c", 7))).toEqual({ room: "a b/c", seq: 7 });
});

test("any other path names nothing", () => {
  for (const path of [
    "/rooms",
    "/r",
    "/r/",
    "/r/general/x",
    "/r/general/1/2",
    "/r/%E0%A4%A",
    "/r/general/1234567890123456",
  ]) {
    expect(parse(path), path).toEqual({ room: null, seq: null });
  }
});

test("addresses are below the path where the page is published", () => {
  for (const base of ["", "/chat", "/a/b"]) {
    setBase(base);
    expect(pathOf(null)).toBe(`${base}/`);
    expect(pathOf("tea & talk", 7)).toBe(`${base}/r/tea%20%26%20talk/7`);
    expect(parse(pathOf("tea & talk", 7))).toEqual({ room: "tea & talk", seq: 7 });
    expect(parse(`${base}/`)).toEqual({ room: null, seq: null });
  }
  expect(parse("/r/general")).toEqual({ room: null, seq: null });
});

test("the path is known from the address of the entry module", () => {
  expect(baseOf("https://example.org/assets/index-x.js")).toBe("");
  expect(baseOf("https://example.org/chat/assets/index-x.js")).toBe("/chat");
  expect(baseOf("http://127.0.0.1:5173/src/main.tsx?t=1")).toBe("");
});
