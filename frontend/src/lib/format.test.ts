import { expect, test } from "vitest";
import { badge, day, dayKey, list, size } from "./format.ts";
import { hue, initials } from "./person.ts";

const NOW = new Date("2026-11-21T12:00:00");

test("days are named by the calendar", () => {
  expect(day("2026-11-21T00:01:00", NOW)).toBe("Today");
  expect(day("2026-11-20T23:59:00", NOW)).toBe("Yesterday");
  expect(day("2026-11-19T12:00:00", NOW)).toMatch(/^Thursday.*19/);
  expect(day("2025-11-19T12:00:00", NOW)).toMatch(/2025/);
  expect(dayKey("2026-11-21T00:00:00")).toBe(dayKey("2026-11-21T23:59:59"));
});

test("sizes are written in the most readable unit", () => {
  expect(size(0)).toBe("0 bytes");
  expect(size(999)).toBe("999 bytes");
  expect(size(1_023)).toBe("1,023 bytes");
  expect(size(1_024)).toBe("1 KiB");
  expect(size(1_482_113)).toBe("1.4 MiB");
  expect(size(9e12)).toBe("8,381.9 GiB");
});

test("a limit reads as it is set, and no size just below it looks larger", () => {
  expect(size(1_048_576)).toBe("1 MiB");
  expect(size(1_048_575)).toBe("1 MiB");
  expect(size(104_857_600)).toBe("100 MiB");
  expect(size(2_147_483_648)).toBe("2 GiB");
});

test("badges stay small and names are joined into a phrase", () => {
  expect([badge(99), badge(100)]).toEqual(["99", "99+"]);
  expect(list(["Ada", "Grace", "Linus"])).toBe("Ada, Grace, and Linus");
});

test("initials keep graphemes whole, and colours stay", () => {
  expect(initials("Ada Lovelace")).toBe("AL");
  expect(initials("grace")).toBe("G");
  expect(initials("sam-3f2a")).toBe("S3");
  expect(initials("👩‍👩‍👧 family")).toBe("👩‍👩‍👧F");
  expect(initials("...")).toBe("?");
  expect(hue("u-1")).toBe(hue("u-1"));
  expect(hue("u-1")).not.toBe(hue("u-2"));
});
