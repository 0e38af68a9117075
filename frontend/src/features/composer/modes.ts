/** Owns how an edit and a reply begin. Both use the composer, and neither throws away an edit that was not saved. */
import type { ChatClientApi, MessageView } from "@palaver/sdk";
import { t } from "../../i18n/index.ts";
import { toast } from "../../ui/Toasts.tsx";

export function startEdit(client: ChatClientApi, { room, seq, text }: MessageView): void {
  if (seq === null || client.getDraft(room).edit?.target === seq || keepsEdit(client, room)) return;
  client.setDraft(room, { edit: { target: seq, text, original: text } });
}

export function startReply(client: ChatClientApi, { room, seq }: MessageView): void {
  if (!keepsEdit(client, room)) client.setDraft(room, { edit: null, replyTo: seq });
}

/** Returns whether the composer has an edit with changes, and then says what to do. */
function keepsEdit(client: ChatClientApi, room: string): boolean {
  const { edit } = client.getDraft(room);
  const keeps = edit !== null && edit.text !== edit.original;
  if (keeps) toast(t("composer.finishEdit"));
  return keeps;
}
