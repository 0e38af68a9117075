/**
 * Owns how a component reads a room: it names the fields that it draws, and is drawn again only when one of them changes.
 * A busy room has a new view with each message, so that a component with a whole room is drawn as often.
 */
import type { RoomId, RoomView } from "@palaver/sdk";
import { useClientState } from "@palaver/sdk/react";
import { useMemo } from "react";

/** Returns the fields of a room that is there. Keeps the last ones if the room goes while it is drawn. */
export function useRoom<K extends keyof RoomView>(id: RoomId, fields: readonly K[]): Pick<RoomView, K> {
  const equal = useMemo(() => sameFields(fields, true), [fields]);
  const room = useClientState((state) => state.rooms.get(id) ?? null, equal);
  if (room === null) throw new Error("useRoom needs a room that is loaded");
  return room;
}

/**
 * Returns whether two rooms are the same in some fields.
 * @param keeps whether a room that has gone counts as the one that it was.
 */
export function sameFields(fields: readonly (keyof RoomView)[], keeps = false) {
  return (a: RoomView | null, b: RoomView | null): boolean => {
    if (a === null || b === null) return a === b || (keeps && b === null);
    return fields.every((field) => Object.is(a[field], b[field]));
  };
}
