/** Owns jumping to one message, from a link or a quote. It is loaded first if needed, then highlighted for a moment. */
import { useClient } from "@palaver/sdk/react";
import { type RefObject, useEffect, useState } from "react";
import type { VirtualizerHandle } from "virtua";
import type { ListRoom } from "./listRoom.ts";
import type { Row } from "./rows.ts";
import type { FollowingList } from "./useFollowing.ts";

const FLASH_MS = 1_600;

interface Jump {
  readonly jump: (seq: number) => void;
  /** Key of the message that was jumped to a moment ago. */
  readonly flashing: string | null;
}

export function useJump(
  room: ListRoom,
  rows: readonly Row[],
  list: RefObject<VirtualizerHandle | null>,
  target: number | null,
  following: Pick<FollowingList, "leave" | "begin">,
  onMissing: () => void,
): Jump {
  const client = useClient();
  const { leave, begin } = following;
  const [wanted, setWanted] = useState(target);
  const [flashing, setFlashing] = useState<string | null>(null);
  useEffect(() => setWanted(target), [target]);

  const at = wanted === null ? -1 : rows.findIndex((row) => row.message.seq === wanted);
  const key = rows[at]?.message.key ?? null;
  useEffect(() => {
    if (wanted === null || !room.loaded) return;
    if (key !== null) {
      leave();
      list.current?.scrollToIndex(at, { align: "center" });
      requestAnimationFrame(begin);
      setFlashing(key);
      setWanted(null);
      return;
    }
    let current = true;
    client.loadUntil(room.id, wanted).then(
      (found) => {
        if (!current || found) return;
        setWanted(null);
        onMissing();
      },
      () => current && setWanted(null),
    );
    return () => {
      current = false;
    };
  }, [wanted, at, key, room.loaded, room.id, client, list, onMissing, leave, begin]);

  useEffect(() => {
    if (flashing === null) return;
    const timer = setTimeout(() => setFlashing(null), FLASH_MS);
    return () => clearTimeout(timer);
  }, [flashing]);
  return { jump: setWanted, flashing };
}
