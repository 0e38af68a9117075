import type { MessageView } from "@palaver/sdk";
import { describe, expect, test } from "vitest";
import type { Row } from "./rows.ts";
import { countNew, isAbove, seenUpTo } from "./unseen.ts";

function rows(from: number, to: number, line: number | null = null): Row[] {
  return Array.from({ length: to - from + 1 }, (_, i) => ({
    message: { key: `k${from + i}`, seq: from + i, mine: false, deleted: false } as MessageView,
    startsDay: false,
    startsGroup: false,
    startsNew: from + i === line,
  }));
}

describe("what was seen", () => {
  const list = rows(1, 100, 41);

  test("a reader who goes on from the line sees everything that passes", () => {
    const first = seenUpTo(40, list, { first: 38, last: 50 });
    expect(first).toBe(51);
    expect(seenUpTo(first, list, { first: 45, last: 60 })).toBe(61);
  });

  test("a reader who leaps has not seen what lies between", () => {
    expect(seenUpTo(51, list, { first: 90, last: 99 })).toBe(51);
  });

  test("a reader who goes back has seen no more than before", () => {
    expect(seenUpTo(51, list, { first: 0, last: 20 })).toBe(51);
  });

  test("the oldest loaded message may have unseen ones before it", () => {
    expect(seenUpTo(5, rows(50, 100), { first: 0, last: 20 })).toBe(5);
    expect(seenUpTo(49, rows(50, 100), { first: 0, last: 20 })).toBe(70);
    expect(seenUpTo(40, rows(50, 100, 50), { first: 0, last: 20 })).toBe(70);
  });

  test("with everything seen, nothing changes", () => {
    expect(seenUpTo(100, list, { first: 0, last: 99 })).toBe(100);
    expect(seenUpTo(0, [], { first: 0, last: 0 })).toBe(0);
  });
});

describe("where the line is", () => {
  test("it is above when its row is, and not while it is in sight or below", () => {
    const list = rows(1, 100, 41);
    expect(isAbove(40, list, false, { first: 41, last: 60 })).toBe(true);
    expect(isAbove(40, list, false, { first: 40, last: 60 })).toBe(false);
    expect(isAbove(40, list, false, { first: 0, last: 20 })).toBe(false);
  });

  test("it is above when it is older than all that is loaded, and not when it is newer", () => {
    expect(isAbove(40, rows(500, 550), true, { first: 0, last: 20 })).toBe(true);
    expect(isAbove(800, rows(500, 550), true, { first: 0, last: 20 })).toBe(false);
    expect(isAbove(40, rows(500, 550), false, { first: 0, last: 20 })).toBe(false);
  });
});

test("the reader's own messages and deleted ones are not new", () => {
  const list = rows(1, 5).map((row, i) => ({ ...row, message: { ...row.message, mine: i === 3, deleted: i === 4 } }));
  expect(countNew(1, list)).toBe(2);
});
