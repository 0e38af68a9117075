/** Owns how an application that knows a room's id or its slug gets to the room. */
import { PalaverError } from "../errors.ts";
import type { Host } from "../host/host.ts";
import type { Rest } from "../rest/rest.ts";
import type { Core, Room } from "../state/model.ts";
import type { RoomId } from "../types.ts";
import type { Store } from "./store.ts";

/** How long a room that the server knows the user to be in may take to arrive through the user log. */
const ARRIVES_MS = 10_000;
/** How long a join may take until `enterRoom` reports that it has no answer. */
const JOIN_MS = 15_000;

export interface FindRoomDeps {
  readonly host: Host;
  readonly store: Store;
  readonly rest: Rest;
  /** Joins through the outbox and returns the id of the change. */
  readonly join: (room: RoomId, seen: number) => string;
  readonly discard: (change: string) => void;
}

/** Returns the id of a room that the user is in, or is invited to. */
export async function findRoom({ host, store, rest }: FindRoomDeps, room: string): Promise<RoomId> {
  const known = byIdOrSlug(store.core, room);
  if (known !== undefined) return known.id;

  const { id, state } = await rest.rooms.get(room);
  if (state === "joined" || state === "invited") await arrived({ host, store }, id);
  if (store.core.rooms.has(id)) return id;
  throw new PalaverError("forbidden", "You are not a member of this room. Join it first.");
}

/** Joins a room unless the user is in it, and returns its id once it is there. */
export async function enterRoom(deps: FindRoomDeps, room: string): Promise<RoomId> {
  const { host, store, rest, join, discard } = deps;
  const known = byIdOrSlug(store.core, room);
  if (known?.entry.state === "joined") return known.id;

  const { id, state, head } = await rest.rooms.get(room);
  if (state === "joined") {
    await arrived(deps, id);
    return id;
  }
  const change = join(id, head);
  const failure = (core: Core) => core.outbox.find((item) => item.id === change && item.status === "failed")?.failure;
  const isIn = (core: Core) => core.rooms.get(id)?.entry.state === "joined";
  await store.when((core) => isIn(core) || failure(core) != null, JOIN_MS, host);
  if (isIn(store.core)) return id;

  const refused = failure(store.core);
  if (refused == null) throw new PalaverError("network", "The server has not answered yet. The room appears as soon as it has.");
  discard(change);
  throw new PalaverError(refused.code, refused.message);
}

/** Waits for a room of the user, which arrives through the user log a moment after the answer: the caller wants to show it. */
export async function arrived({ host, store }: Pick<FindRoomDeps, "host" | "store">, room: RoomId): Promise<void> {
  await store.when((core) => core.rooms.has(room), ARRIVES_MS, host);
}

function byIdOrSlug({ rooms }: Core, room: string): Room | undefined {
  return rooms.get(room) ?? [...rooms.values()].find(({ entry }) => entry.slug === room);
}
