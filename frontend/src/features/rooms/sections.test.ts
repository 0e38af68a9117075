import type { RoomView } from "@palaver/sdk";
import { expect, test } from "vitest";
import { addressOf, findRoom, toSections } from "./sections.ts";

function room(id: string, part: Partial<RoomView> = {}): RoomView {
  return {
    id,
    slug: null,
    name: id,
    kind: "public",
    state: "joined",
    hidden: false,
    level: "all",
    quietUntil: null,
    unread: 0,
    lastAt: null,
    ...part,
  } as RoomView;
}

test("rooms are sorted by name, direct rooms by newest message, invitations apart", () => {
  const sections = toSections([
    room("zebra"),
    room("ant"),
    room("asked", { state: "invited" }),
    room("old", { kind: "direct", lastAt: "2026-11-01T00:00:00Z" }),
    room("new", { kind: "direct", lastAt: "2026-11-21T00:00:00Z" }),
    room("silent", { kind: "direct" }),
  ]);
  expect(sections.rooms.map(({ id }) => id)).toEqual(["ant", "zebra"]);
  expect(sections.direct.map(({ id }) => id)).toEqual(["new", "old", "silent"]);
  expect(sections.invites.map(({ id }) => id)).toEqual(["asked"]);
});

test("requests of strangers are listed apart, the newest first", () => {
  const sections = toSections([
    room("friend", { kind: "direct" }),
    room("first", { kind: "direct", request: true, lastAt: "2026-11-01T00:00:00Z" }),
    room("second", { kind: "direct", request: true, unread: 3, lastAt: "2026-11-21T00:00:00Z" }),
  ]);
  expect(sections.requests.map(({ id }) => id)).toEqual(["second", "first"]);
  expect(sections.direct.map(({ id }) => id)).toEqual(["friend"]);
});

test("a hidden direct room comes back with an unread message, a hidden room and a muted one do not", () => {
  const sections = toSections([
    room("muted", { kind: "direct", hidden: true, unread: 1, level: "none" }),
    room("quiet", { kind: "direct", hidden: true }),
    room("loud", { kind: "direct", hidden: true, unread: 1 }),
    room("hidden", { hidden: true, unread: 1 }),
  ]);
  expect(sections.direct.map(({ id }) => id)).toEqual(["loud"]);
  expect(sections.rooms).toEqual([]);
});

test("a URL names a room by slug or id", () => {
  const rooms = new Map([["r1", room("r1", { slug: "general" })]]);
  expect(findRoom(rooms, "general")?.id).toBe("r1");
  expect(findRoom(rooms, "r1")?.id).toBe("r1");
  expect(findRoom(rooms, "other")).toBeNull();
  expect(addressOf({ id: "r1", slug: "general" })).toBe("general");
  expect(addressOf({ id: "r1", slug: null })).toBe("r1");
});
