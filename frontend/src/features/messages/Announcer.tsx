/**
 * Owns what a screen reader announces: others' new messages in the open room, never history loaded or scrolled into
 * view.
 */
import type { MessageView } from "@palaver/sdk";
import { useEffect, useRef, useState } from "react";
import { t } from "../../i18n/index.ts";
import { called } from "../../lib/person.ts";
import { quoteText } from "./Quote.tsx";

export function Announcer({ messages }: { messages: readonly MessageView[] }) {
  const [said, setSaid] = useState("");
  const lastSeq = useRef<number | null>(null);
  useEffect(() => {
    const newest = messages.findLast((message) => message.seq !== null);
    const seq = newest?.seq ?? null;
    if (newest !== undefined && lastSeq.current !== null && seq !== null && seq > lastSeq.current && !newest.mine) {
      setSaid(t("list.announce", { name: called(newest.by), text: quoteText(newest) }));
    }
    if (seq !== null) lastSeq.current = Math.max(lastSeq.current ?? 0, seq);
  }, [messages]);
  return (
    <div className="visually-hidden" aria-live="polite">
      {said}
    </div>
  );
}
