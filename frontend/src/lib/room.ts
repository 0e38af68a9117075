/**
 * Owns how a component reads a room: it names the fields that it renders, and re-renders only when one of them changes.
 * A busy room has a new view with each message, so a component that reads the whole room re-renders as often.
 */
import type { RoomId, RoomView } from "@palaver/sdk";
import { useClientState } from "@palaver/sdk/react";
import { useMemo } from "react";

/** Returns the fields of a loaded room. Keeps the last ones if the room is removed while it is shown. */
export function useRoom<K extends keyof RoomView>(id: RoomId, fields: readonly K[]): Pick<RoomView, K> {
  const equal = useMemo(() => sameFields(fields, true), [fields]);
  const room = useClientState((state) => state.rooms.get(id) ?? null, equal);
  if (room === null) throw new Error("useRoom needs a room that is loaded");
  return room;
}

/**
 * Returns whether two rooms are the same in some fields.
 * @param keeps whether a removed room counts as the same as before.
 */
export function sameFields(fields: readonly (keyof RoomView)[], keeps = false) {
  return (a: RoomView | null, b: RoomView | null): boolean => {
    if (a === null || b === null) return a === b || (keeps && b === null);
    return fields.every((field) => Object.is(a[field], b[field]));
  };
}
