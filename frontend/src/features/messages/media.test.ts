import type { FileInfo } from "@palaver/sdk";
import { describe, expect, test } from "vitest";
import { columns, MOVING_BYTES, mayMove, playsAs } from "./media.ts";

const file = (type: string, size = 1_000): FileInfo => ({ id: "f", name: "f", type, size, width: 10, height: 10 });

describe("what moves", () => {
  test("GIF and WebP within the limit, whatever their preview", () => {
    expect(mayMove({ ...file("image/gif"), thumbnail: true })).toBe(true);
    expect(mayMove(file("image/webp"))).toBe(true);
    expect(mayMove(file("image/gif", MOVING_BYTES + 1))).toBe(false);
    expect(mayMove(file("image/png"))).toBe(false);
    expect(mayMove(file("image/jpeg"))).toBe(false);
  });
});

describe("what plays", () => {
  const plays = (_: string, type: string) => type !== "video/x-matroska" && type !== "audio/midi";

  test("sounds and films that the browser knows", () => {
    expect(playsAs(file("audio/ogg"), plays)).toBe("audio");
    expect(playsAs(file("video/mp4"), plays)).toBe("video");
  });

  test("not what it does not know, and nothing else", () => {
    for (const type of ["video/x-matroska", "audio/midi", "application/pdf", "image/gif", "text/html"]) {
      expect(playsAs(file(type), plays), type).toBeNull();
    }
  });
});

test("several pictures form a grid without a hole in its first row", () => {
  expect([1, 2, 3, 4, 5, 6, 10].map(columns)).toEqual([1, 2, 3, 2, 3, 3, 3]);
});
