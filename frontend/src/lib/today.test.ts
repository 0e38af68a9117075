import { expect, test } from "vitest";
import { untilMidnight } from "./today.ts";

test("the wait ends at the next midnight by the local calendar", () => {
  expect(untilMidnight(new Date(2026, 10, 30, 23, 59, 59, 500))).toBe(500);
  expect(untilMidnight(new Date(2026, 11, 31, 12, 0))).toBe(12 * 3_600_000);
  expect(untilMidnight(new Date(2026, 0, 1, 0, 0))).toBe(
    new Date(2026, 0, 2).getTime() - new Date(2026, 0, 1).getTime(),
  );
});
