import type { MemberView, PresenceStatus, PresenceView } from "@palaver/sdk";
import { expect, test } from "vitest";
import { byName, countHere, toGroups } from "./groups.ts";

const member = (id: string, name: string, state: MemberView["state"] = "joined"): MemberView => ({
  user: { id, name },
  state,
  role: "member",
  mutedUntil: null,
});
const presence = new Map(
  (["online", "away", "offline"] as const).map((status: PresenceStatus) => [
    status,
    { status, lastSeen: null } as PresenceView,
  ]),
);
const members = [
  member("online", "zoë"),
  member("me", "Mina"),
  member("unknown", "bob"),
  member("away", "Ada"),
  member("offline", "émile"),
  member("i", "Kai", "invited"),
];

test("members are sorted as people sort names, and grouped by presence", () => {
  const names = toGroups(byName(members), presence, "me").map(({ id, members }) => [
    id,
    ...members.map(({ user }) => user.name),
  ]);
  expect(names).toEqual([
    ["here", "Ada", "Mina", "zoë"],
    ["away", "bob", "émile"],
    ["invited", "Kai"],
  ]);
});

test("a query leaves the members whom it finds", () => {
  expect(byName(members, "ZOE").map(({ user }) => user.name)).toEqual(["zoë"]);
  expect(byName(members, "mil").map(({ user }) => user.name)).toEqual(["émile"]);
  expect(byName(members, " ")).toHaveLength(members.length);
});

test("the number of members online equals the size of their group", () => {
  expect(countHere(members, presence, "me")).toBe(3);
});
