/** Owns what the page says about a room that the user is not in, and what they can do about it. */
import type { ClosedRoom, Failure, PendingMessage, RoomLookUp, RoomView } from "@palaver/sdk";

/** What is shown for an address. The first one that applies. */
export type Outside =
  | { readonly kind: "invited"; readonly room: RoomView }
  | {
      readonly kind: "kicked" | "banned";
      readonly name: string;
      readonly reason: string | null;
      readonly joins: boolean;
    }
  | { readonly kind: "open"; readonly room: Extract<RoomLookUp, { kind: "open" }>["room"] }
  | { readonly kind: "archived"; readonly name: string }
  /** `private`: the address is an id, which a public room is not linked by; `missing`: no public room has this name. */
  | { readonly kind: "private" | "missing" }
  /** The server has not answered yet, or did not answer. */
  | { readonly kind: "looking" }
  | { readonly kind: "unknown" };

const ID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/iu;

/** Returns the room that the user was removed or banned from, by the slug or id of an address. */
export function closedAt(closed: ReadonlyMap<string, ClosedRoom>, address: string): ClosedRoom | null {
  const byId = closed.get(address);
  if (byId !== undefined) return byId;
  for (const room of closed.values()) if (room.slug === address) return room;
  return null;
}

/** `found` is null while the server is asked, and `failed` if it did not answer. */
export function outsideOf(
  address: string,
  invited: RoomView | null,
  closed: ClosedRoom | null,
  found: RoomLookUp | "failed" | null,
): Outside {
  if (invited !== null) return { kind: "invited", room: invited };
  const isOpen = found !== null && found !== "failed" && found.kind === "open";
  if (closed?.why === "kicked") {
    return { kind: "kicked", name: closed.name, reason: closed.reason, joins: closed.kind === "public" };
  }
  // A ban that was lifted leaves no entry: the server says whether it still holds.
  if (closed?.why === "banned" && !isOpen) {
    return { kind: "banned", name: closed.name, reason: closed.reason, joins: false };
  }
  if (found === null) return { kind: "looking" };
  if (found === "failed") return { kind: "unknown" };
  if (found.kind === "banned") return { kind: "banned", name: address, reason: null, joins: false };
  if (found.kind === "missing") return { kind: ID.test(address) ? "private" : "missing" };
  if (found.room.archived) return { kind: "archived", name: found.room.name };
  return { kind: "open", room: found.room };
}

/** Returns the refused join of a room, by any of its names. */
export function refusedJoin(
  outbox: readonly PendingMessage[],
  names: readonly (string | undefined)[],
): { readonly id: string; readonly failure: Failure } | null {
  for (const { id, kind, room, failure, status } of outbox) {
    if (kind === "join" && status === "failed" && failure !== null && names.includes(room)) return { id, failure };
  }
  return null;
}
