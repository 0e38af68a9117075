/**
 * Owns jumping to one message, from a link or a quote. The messages around it are loaded first if needed, then it is
 * highlighted for a moment. When it cannot be shown, it says why.
 */
import type { LinkedMessage, MessageView } from "@palaver/sdk";
import { useClient } from "@palaver/sdk/react";
import { type RefObject, useCallback, useEffect, useRef, useState } from "react";
import type { VirtualizerHandle } from "virtua";
import { bySeq, type ListRoom } from "./listRoom.ts";
import type { Row } from "./rows.ts";
import type { FollowingList } from "./useFollowing.ts";

const FLASH_MS = 1_600;

/** Why a message is not shown as it was written. `unreachable`: the server did not answer. */
export type Trouble = Exclude<LinkedMessage, "found"> | "unreachable";

export interface Wanted {
  /** `seq` of the address's message. */
  readonly target: number | null;
  /** `seq` of the message to jump to. */
  readonly wanted: number | null;
  readonly setWanted: (seq: number | null) => void;
  /** Whether the list opens at a linked message that is not loaded: until then it shows nothing else. */
  readonly waits: boolean;
}

export function useWanted(target: number | null, messages: readonly MessageView[]): Wanted {
  const [wanted, setWanted] = useState(target);
  const opens = useRef(target !== null);
  if (wanted === null) opens.current = false;
  const waits = wanted !== null && opens.current && bySeq(messages, wanted) === null;
  return { target, wanted, setWanted, waits };
}

interface Jump {
  readonly jump: (seq: number) => void;
  /** Whether the list is on its way to a message: where it is meanwhile means nothing. */
  readonly moves: boolean;
  /** Key of the message that was jumped to a moment ago. */
  readonly flashing: string | null;
  /** The last jump that did not lead to a message. */
  readonly trouble: { readonly seq: number; readonly why: Trouble } | null;
  readonly dismiss: () => void;
}

/** `onMissing` is called when the message of the address is not there, so that the newest ones are shown instead. */
export function useJump(
  room: ListRoom,
  rows: readonly Row[],
  list: RefObject<VirtualizerHandle | null>,
  { target, wanted, setWanted }: Wanted,
  following: Pick<FollowingList, "leave" | "begin">,
  onMissing: () => void,
): Jump {
  const client = useClient();
  const { leave, begin } = following;
  const [flashing, setFlashing] = useState<string | null>(null);
  const [scrolls, setScrolls] = useState(false);
  const [trouble, setTrouble] = useState<Jump["trouble"]>(null);
  const dismiss = useCallback(() => setTrouble(null), []);
  const jump = useCallback(
    (seq: number) => {
      setTrouble(null);
      setWanted(seq);
    },
    [setWanted],
  );
  useEffect(() => {
    if (target !== null) jump(target);
  }, [target, jump]);

  const at = wanted === null ? -1 : rows.findIndex((row) => row.message.seq === wanted);
  const row = rows[at];
  const key = row?.message.key ?? null;
  const deleted = row?.message.deleted === true;
  useEffect(() => {
    if (wanted === null || room.state !== "joined") return;
    if (key !== null) {
      leave();
      // A list that starts again knows its own height only after the first render.
      requestAnimationFrame(() => {
        list.current?.scrollToIndex(at, { align: "center" });
        requestAnimationFrame(() => {
          begin();
          setScrolls(false);
        });
      });
      setScrolls(true);
      setFlashing(key);
      setWanted(null);
      if (deleted) setTrouble({ seq: wanted, why: "deleted" });
      return;
    }
    let current = true;
    const failed = (why: Trouble) => {
      if (!current) return;
      setWanted(null);
      setTrouble({ seq: wanted, why });
      onMissing();
    };
    client.loadAround(room.id, wanted).then(
      (found) => found !== "found" && found !== "deleted" && failed(found),
      () => failed("unreachable"),
    );
    return () => {
      current = false;
    };
  }, [wanted, at, key, deleted, room.state, room.id, client, list, setWanted, onMissing, leave, begin]);

  useEffect(() => {
    if (flashing === null) return;
    const timer = setTimeout(() => setFlashing(null), FLASH_MS);
    return () => clearTimeout(timer);
  }, [flashing]);
  return { jump, moves: wanted !== null || scrolls, flashing, trouble, dismiss };
}
