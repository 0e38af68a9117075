/** Owns how a change of the outbox is encoded on the wire: the same bytes on every retry. */
import type { OutboxItem } from "../state/model.ts";
import type { ChangeFrame } from "../wire.ts";

export function changeFrame(item: OutboxItem): ChangeFrame {
  const { id, room } = item;
  const seen = item.seen ?? 0;
  const target = item.target ?? 0;
  switch (item.kind) {
    case "send":
      return {
        t: "send",
        id,
        room,
        text: item.text,
        reply_to: item.replyTo,
        thread: item.thread,
        files: item.files.map((file) => file.id),
        seen,
      };
    case "edit":
      return { t: "edit", id, room, target, text: item.text, seen };
    case "delete":
      return { t: "delete", id, room, target, seen };
    case "react":
      return { t: "react", id, room, target, emoji: item.emoji, on: item.on, seen };
    case "join":
      return item.seen === null ? { t: "join", id, room } : { t: "join", id, room, seen };
    case "leave":
      return { t: "leave", id, room, seen };
  }
}
