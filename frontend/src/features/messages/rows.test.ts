import type { MessageView } from "@palaver/sdk";
import { describe, expect, test } from "vitest";
import { bySeq } from "./listRoom.ts";
import { prepended, remake, toRows } from "./rows.ts";

const ada = { id: "a", name: "ada" };
const grace = { id: "g", name: "grace" };

function message(seq: number | null, at: string, extra: Partial<MessageView> = {}): MessageView {
  return {
    key: `k${seq ?? at}`,
    room: "r",
    seq,
    id: `i${seq ?? at}`,
    kind: "message",
    by: ada,
    at,
    text: "x",
    mentions: [],
    replyTo: null,
    thread: null,
    files: [],
    editedAt: null,
    deleted: false,
    pinned: false,
    pinnedBy: null,
    reactions: [],
    mine: false,
    mentionsMe: false,
    status: "sent",
    failure: null,
    change: null,
    ...extra,
  };
}

describe("grouping", () => {
  test("messages of one author within five minutes form a group", () => {
    const rows = toRows(
      [
        message(1, "2026-11-21T10:00:00"),
        message(2, "2026-11-21T10:04:59"),
        message(3, "2026-11-21T10:09:59"),
        message(4, "2026-11-21T10:10:00", { by: grace }),
      ],
      null,
    );
    expect(rows.map((row) => row.startsGroup)).toEqual([true, false, true, true]);
  });

  test("a reply starts a group, because its quote needs an author above it", () => {
    const rows = toRows([message(1, "2026-11-21T10:00:00"), message(2, "2026-11-21T10:00:01", { replyTo: 1 })], null);
    expect(rows[1]?.startsGroup).toBe(true);
  });

  test("each calendar day starts once, even when two messages are minutes apart", () => {
    const rows = toRows(
      [message(1, "2026-11-20T23:59:00"), message(2, "2026-11-21T00:01:00"), message(3, "2026-11-21T00:02:00")],
      null,
    );
    expect(rows.map((row) => row.startsDay)).toEqual([true, true, false]);
    expect(rows[1]?.startsGroup).toBe(true);
  });
});

describe("the New line", () => {
  const messages = [
    message(1, "2026-11-21T10:00:00"),
    message(2, "2026-11-21T10:00:10", { mine: true }),
    message(4, "2026-11-21T10:00:20"),
    message(5, "2026-11-21T10:00:30"),
  ];

  test("appears once, above the first unread message by another user", () => {
    expect(toRows(messages, 1).map((row) => row.startsNew)).toEqual([false, false, true, false]);
  });

  test("is absent when all is read, or when the room was entered without unread messages", () => {
    expect(toRows(messages, 5).some((row) => row.startsNew)).toBe(false);
    expect(toRows(messages, null).some((row) => row.startsNew)).toBe(false);
  });

  test("waits for the page that holds its place", () => {
    expect(toRows(messages.slice(1), 1, true).some((row) => row.startsNew)).toBe(false);
    expect(toRows(messages.slice(1), 1, false)[1]?.startsNew).toBe(true);
    expect(toRows(messages, 1, true)[2]?.startsNew).toBe(true);
  });

  test("is not shown above a message that is still being sent", () => {
    expect(toRows([message(null, "2026-11-21T10:00:00", { mine: true })], 0)[0]?.startsNew).toBe(false);
  });
});

describe("history", () => {
  const rows = (...seqs: number[]) =>
    toRows(
      seqs.map((seq) => message(seq, "2026-11-21T10:00:00")),
      null,
    );

  test("counts the rows added above", () => {
    expect(prepended(rows(5, 6), rows(3, 4, 5, 6, 7))).toBe(2);
  });

  test("counts none when rows were added below or when the room changed", () => {
    expect(prepended(rows(5, 6), rows(5, 6, 7))).toBe(0);
    expect(prepended(rows(5, 6), rows(90))).toBe(0);
    expect(prepended([], rows(1, 2))).toBe(0);
  });
});

describe("rebuilt rows", () => {
  const at = (n: number) => new Date(Date.UTC(2026, 10, 21, 10, n * 3)).toISOString();
  const messages = Array.from({ length: 50 }, (_, n) => message(n + 1, at(n), { by: n % 7 === 0 ? grace : ada }));
  const before = remake(null, messages.slice(0, 40), 20, false);

  test("a new message leaves the other rows as they are", () => {
    const after = remake(before, messages.slice(0, 41), 20, false);
    expect(after.rows).toEqual(toRows(messages.slice(0, 41), 20));
    for (const [n, row] of before.rows.entries()) expect(after.rows[n]).toBe(row);
  });

  test("rows after a change, an older page or another line equal those of a full build", () => {
    const changed = messages.with(30, message(31, at(30), { by: grace }));
    expect(remake(before, changed, 20, false).rows).toEqual(toRows(changed, 20));
    expect(remake(before, messages, 35, false).rows).toEqual(toRows(messages, 35));
    expect(remake(before, messages.slice(0, 10), 20, false).rows).toEqual(toRows(messages.slice(0, 10), 20));
    const later = remake(null, messages.slice(20), 5, true);
    expect(remake(later, messages, 5, false).rows).toEqual(toRows(messages, 5));
  });
});

test("a message is found by its seq among those that are loaded", () => {
  const messages = [3, 4, 8, 9, 40].map((seq) => message(seq, "2026-11-21T10:00:00"));
  const all = [...messages, message(null, "2026-11-21T10:00:01"), message(null, "2026-11-21T10:00:02")];
  for (const one of messages) expect(bySeq(all, one.seq ?? 0)).toBe(one);
  for (const seq of [1, 5, 41]) expect(bySeq(all, seq)).toBeNull();
  expect(bySeq([], 1)).toBeNull();
});

describe("a list that changes", () => {
  const list = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, i) => message(from + i, "2026-11-21T10:00:00"));

  test("dropped first rows count below zero, added ones above", () => {
    const rows = toRows(list(1, 20), null);
    expect(prepended(rows, toRows(list(11, 25), null))).toBe(-10);
    expect(prepended(toRows(list(11, 25), null), rows)).toBe(10);
    expect(prepended(rows, toRows(list(1, 25), null))).toBe(0);
    expect(prepended(rows, [])).toBe(0);
  });

  test("it starts again only when no message is left", () => {
    const segments: number[] = [];
    let made = null;
    for (const messages of [list(50, 60), list(40, 70), list(60, 80), [], list(60, 90), list(1, 20), list(60, 90)]) {
      made = remake(made, messages, null, true);
      segments.push(made.segment);
    }
    expect(segments).toEqual([0, 0, 0, 0, 0, 1, 2]);
  });
});
