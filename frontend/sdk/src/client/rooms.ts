/** Owns how rooms are made: the answer comes first, and the room itself a moment later through the user log. */
import type { Host } from "../host/host.ts";
import type { Rest } from "../rest/rest.ts";
import type { NewRoom, RoomId } from "../types.ts";
import { arrived } from "./find-room.ts";
import type { Store } from "./store.ts";

export async function createRoom(host: Host, store: Store, rest: Rest, room: NewRoom): Promise<RoomId> {
  const { slug, hidesPast, ...body } = room;
  const made = await rest.rooms.create({
    ...body,
    ...(slug === undefined ? {} : { id: slug }),
    ...(hidesPast === undefined ? {} : { hides_past: hidesPast }),
  });
  await arrived({ host, store }, made.id);
  return made.id;
}

export async function directRoom(host: Host, store: Store, rest: Rest, user: string): Promise<RoomId> {
  const { id } = await rest.rooms.direct(user);
  await arrived({ host, store }, id);
  return id;
}
