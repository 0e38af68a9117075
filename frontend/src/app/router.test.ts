import { expect, test } from "vitest";
import { parse, pathOf } from "./router.ts";

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
