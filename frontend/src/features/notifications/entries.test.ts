import type { NotificationView } from "@palaver/sdk";
import { expect, test } from "vitest";
import { leadOf, toEntries, unreadIn } from "./entries.ts";

const item = (id: string, type: string, room: string | null, read = false): NotificationView =>
  ({ id, type, room, read, seq: Number(id) }) as NotificationView;

test("the direct messages of one person are one entry with a count, where the newest one is", () => {
  const entries = toEntries([
    item("6", "direct", "zoe"),
    item("5", "mention", "general"),
    item("4", "direct", "bob"),
    item("3", "direct", "zoe"),
    item("2", "mention", "general"),
    item("1", "direct", "zoe", true),
  ]);
  expect(entries.map(({ items, unread }) => [items.map(({ id }) => id).join(), unread])).toEqual([
    ["6,3,1", 2],
    ["5", 1],
    ["4", 1],
    ["2", 1],
  ]);
});

test("an entry leads to the first unread message, or to the newest", () => {
  const [entry] = toEntries([item("3", "direct", "zoe"), item("2", "direct", "zoe"), item("1", "direct", "zoe", true)]);
  expect(entry && leadOf(entry)?.id).toBe("2");
  const [read] = toEntries([item("3", "direct", "zoe", true), item("2", "direct", "zoe", true)]);
  expect(read && leadOf(read)?.id).toBe("3");
});

test("what is unread in a muted room does not count", () => {
  const items = [item("3", "mention", "loud"), item("2", "mention", "quiet"), item("1", "mention", "quiet", true)];
  expect(unreadIn(items, new Set(["quiet"]))).toBe(1);
});
