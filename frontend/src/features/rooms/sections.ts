/** Owns how the room list is grouped and ordered. */
import type { RoomView } from "@palaver/sdk";
import { isMuted } from "../../lib/counted.ts";
import { compareNames } from "../../lib/intl.ts";

export interface Sections {
  readonly invites: readonly RoomView[];
  /** Direct rooms of strangers that wait for an answer. */
  readonly requests: readonly RoomView[];
  readonly rooms: readonly RoomView[];
  readonly direct: readonly RoomView[];
}

/**
 * Orders rooms by name, because people remember their position and it must not change. Orders direct rooms by their
 * newest message, like a list of conversations; those without messages come last, by name.
 */
export function toSections(all: Iterable<RoomView>): Sections {
  const invites: RoomView[] = [];
  const requests: RoomView[] = [];
  const rooms: RoomView[] = [];
  const direct: RoomView[] = [];
  for (const room of all) {
    if (room.state === "invited") invites.push(room);
    else if (room.request) requests.push(room);
    else if (room.kind === "direct") {
      if (!room.hidden || (room.unread > 0 && !isMuted(room))) direct.push(room);
    } else if (!room.hidden) rooms.push(room);
  }
  const byName = (a: RoomView, b: RoomView) => compareNames(a.name, b.name) || (a.id < b.id ? -1 : 1);
  invites.sort(byName);
  rooms.sort(byName);
  const newest = (a: RoomView, b: RoomView) => newerFirst(a.lastAt ?? "", b.lastAt ?? "") || byName(a, b);
  requests.sort(newest);
  direct.sort(newest);
  return { invites, requests, rooms, direct };
}

/** Compares two ISO 8601 timestamps. */
function newerFirst(a: string, b: string): number {
  return a === b ? 0 : a < b ? 1 : -1;
}

/** Finds a room by the slug or id in a URL. */
export function findRoom(rooms: ReadonlyMap<string, RoomView>, address: string): RoomView | null {
  const byId = rooms.get(address);
  if (byId !== undefined) return byId;
  for (const room of rooms.values()) if (room.slug === address) return room;
  return null;
}

/** Returns how a room is named in a URL. */
export function addressOf(room: Pick<RoomView, "id" | "slug">): string {
  return room.slug ?? room.id;
}
