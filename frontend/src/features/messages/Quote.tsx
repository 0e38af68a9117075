/** Owns the one-line quote of the message that a reply answers; clicking it jumps there. */
import type { MessageView } from "@palaver/sdk";
import { useClient, useClientState } from "@palaver/sdk/react";
import { useEffect, useState } from "react";
import { t } from "../../i18n/index.ts";
import { called } from "../../lib/person.ts";
import { toPlainLine } from "../../lib/text/markdown.ts";
import { Icon } from "../../ui/Icon.tsx";
import { useRow } from "./context.ts";
import { bySeq } from "./listRoom.ts";
import s from "./Quote.module.css";

export function Quote({ seq }: { seq: number }) {
  const { actions } = useRow();
  const message = useQuoted(seq);
  return (
    <button type="button" className={s.quote} onClick={() => actions.jump(seq)} disabled={message === null}>
      <Icon name="reply" size={14} />
      {message !== null && message !== undefined && <span className={s.author}>{called(message.by)}</span>}
      <span className={s.text} dir="auto">
        {message === undefined ? "…" : quoteText(message)}
      </span>
    </button>
  );
}

/** Returns the one-line form of a message. */
export function quoteText(message: MessageView | null): string {
  if (message === null) return t("quote.gone");
  if (message.deleted) return t("message.deleted");
  const line = toPlainLine(message.text.slice(0, 300));
  return line === "" ? message.files.map((file) => file.name).join(", ") : line;
}

/** Returns `undefined` while it is loading, `null` when it was deleted or may not be seen. */
function useQuoted(seq: number): MessageView | null | undefined {
  const client = useClient();
  const { room } = useRow();
  const loaded = useClientState((state) => bySeq(state.rooms.get(room)?.messages ?? [], seq));
  const [fetched, setFetched] = useState<MessageView | null | undefined>(undefined);
  const missing = loaded === null;
  // The fetched message may have been edited or deleted since.
  const changed = useClientState((state) => state.rooms.get(room)?.changedElsewhere ?? 0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a change is a reason to fetch it again.
  useEffect(() => {
    if (!missing) return;
    let current = true;
    client.loadMessage(room, seq).then(
      (message) => current && setFetched(message),
      () => current && setFetched(null),
    );
    return () => {
      current = false;
    };
  }, [client, room, seq, missing, changed]);
  return loaded ?? fetched;
}
