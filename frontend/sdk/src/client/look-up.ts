/** Owns what a link to a room leads to for somebody who is not in it. */
import { PalaverError } from "../errors.ts";
import type { Rest } from "../rest/rest.ts";
import type { RoomLookUp } from "../types.ts";

/** Rejects if the server does not answer. */
export async function lookUpRoom(rest: Rest, address: string): Promise<RoomLookUp> {
  try {
    const { id, name, description, members, head, archived } = await rest.rooms.get(address);
    return { kind: "open", room: { id, name: name ?? "", description, members, head, archived } };
  } catch (error) {
    if (!(error instanceof PalaverError)) throw error;
    if (error.code === "forbidden") return { kind: "banned" };
    // A name that no room can have is refused as such.
    if (error.code === "not_found" || error.code === "bad_request") return { kind: "missing" };
    throw error;
  }
}
