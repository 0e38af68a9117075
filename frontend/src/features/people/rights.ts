/** Owns what the page offers by role. The server decides; this only hides what it would refuse. */
import type { MemberView, Role, RoomView } from "@palaver/sdk";

const RANK: Readonly<Record<Role, number>> = { owner: 4, admin: 3, moderator: 2, member: 1, read_only: 0 };

export const ROLES: readonly Role[] = ["owner", "admin", "moderator", "member", "read_only"];

/** May delete others' messages, pin, mute, kick, ban. */
export function moderates(role: Role): boolean {
  return RANK[role] >= RANK.moderator;
}

/** May change the room and roles. */
export function administers(role: Role): boolean {
  return RANK[role] >= RANK.admin;
}

/** Whether one may act on a member: as a moderator, on somebody below oneself. */
export function mayActOn(own: Role, member: MemberView, self: string): boolean {
  return member.user.id !== self && moderates(own) && RANK[own] > RANK[member.role];
}

/** The roles that one may give: those below one's own; an owner may also make owners. */
export function grantable(own: Role): readonly Role[] {
  if (!administers(own)) return [];
  return ROLES.filter((role) => RANK[role] < RANK[own] || own === "owner");
}

/** Everybody may invite to a public room; to a private one, moderators may. */
export function mayInvite(room: Pick<RoomView, "kind" | "role">): boolean {
  return room.kind === "public" || (room.kind === "private" && moderates(room.role));
}
