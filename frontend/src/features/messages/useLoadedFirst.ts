/** Owns that a list waits for the messages that it opens at. */
import type { RoomId } from "@palaver/sdk";
import { useEffect, useState } from "react";
import type { ListRoom } from "./listRoom.ts";

interface Wanted {
  /** The message that has to be loaded; null if there is none. */
  readonly seq: number | null;
  /** Whether the list waits at all. Decided when it opens. */
  readonly waits: boolean;
  /** Whether the message is loaded. */
  readonly there: boolean;
  /** Loads it. Must keep its identity. */
  readonly load: (room: RoomId, seq: number) => Promise<unknown>;
}

/** Returns whether the list is waiting. It opens with what is loaded if a page fails, which the room's `loadFailure` reports. */
export function useLoadedFirst({ id, loaded }: ListRoom, { seq, waits, there, load }: Wanted): boolean {
  const [waiting, setWaiting] = useState(waits);
  useEffect(() => {
    if (!waiting || !loaded) return;
    if (there || seq === null) {
      setWaiting(false);
      return;
    }
    let current = true;
    const done = () => current && setWaiting(false);
    load(id, seq).then(done, done);
    return () => {
      current = false;
    };
  }, [load, waiting, there, loaded, id, seq]);
  return loaded && waiting && !there;
}
