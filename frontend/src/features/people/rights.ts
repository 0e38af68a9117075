/** Owns what the page offers by role. The server decides; this only hides actions that it would refuse. */
import { type MemberView, ROLES, type Role, type RoomView } from "@palaver/sdk";

export { ROLES };

/** Returns a number that is larger for a role with more rights. */
function rank(role: Role): number {
  return -ROLES.indexOf(role);
}

/** Returns whether the role may delete others' messages, pin, mute, kick and ban. */
export function moderates(role: Role): boolean {
  return rank(role) >= rank("moderator");
}

/** Returns whether the role may change the room and roles. */
export function administers(role: Role): boolean {
  return rank(role) >= rank("admin");
}

/** Returns whether the user may act on a member: as a moderator, on members with a lower role. */
export function mayActOn(own: Role, member: MemberView, self: string): boolean {
  return member.user.id !== self && moderates(own) && rank(own) > rank(member.role);
}

/** Returns the roles that a user may assign: those below their own; an owner may also make owners. */
export function grantable(own: Role): readonly Role[] {
  if (!administers(own)) return [];
  return ROLES.filter((role) => rank(role) < rank(own) || own === "owner");
}

/** Returns whether the user may invite: every member in a public room, moderators in a private one. */
export function mayInvite(room: Pick<RoomView, "kind" | "role">): boolean {
  return room.kind === "public" || (room.kind === "private" && moderates(room.role));
}
