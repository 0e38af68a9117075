/** Owns how a room's members are grouped and sorted in the panel. Sort only when members change; grouping is cheap. */
import type { MemberView, PresenceView, UserId } from "@palaver/sdk";
import { compareNames } from "../../lib/intl.ts";
import { called } from "../../lib/person.ts";
import { matches } from "../../lib/search.ts";

export type Presence = ReadonlyMap<UserId, PresenceView>;

export interface Group {
  readonly id: "here" | "away" | "invited" | "banned";
  readonly members: readonly MemberView[];
}

/** Returns the members whom a query finds, sorted by the name shown. */
export function byName(all: readonly MemberView[], query = ""): readonly MemberView[] {
  const members = query.trim() === "" ? all : all.filter(({ user }) => matches(user, query));
  const named = members.map((member) => ({ member, name: called(member.user) }));
  return named.sort((a, b) => compareNames(a.name, b.name)).map(({ member }) => member);
}

/** Groups sorted members; an empty group is left out. */
export function toGroups(sorted: readonly MemberView[], presence: Presence, me: UserId): readonly Group[] {
  const groups: Record<Group["id"], MemberView[]> = { here: [], away: [], invited: [], banned: [] };
  for (const member of sorted) {
    if (member.state === "joined") groups[isHere(member.user.id, presence, me) ? "here" : "away"].push(member);
    else if (member.state === "invited" || member.state === "banned") groups[member.state].push(member);
  }
  return (["here", "away", "invited", "banned"] as const)
    .map((id) => ({ id, members: groups[id] }))
    .filter(({ members }) => members.length > 0);
}

/** Counts the members who are online. */
export function countHere(members: readonly MemberView[], presence: Presence, me: UserId): number {
  let n = 0;
  for (const { state, user } of members) if (state === "joined" && isHere(user.id, presence, me)) n++;
  return n;
}

/** Returns whether a user is online. The signed-in user always is, whatever the server reports. */
function isHere(user: UserId, presence: Presence, me: UserId): boolean {
  return user === me || (presence.get(user)?.status ?? "offline") !== "offline";
}
