/** Owns the question below a stranger's conversation: accept it, ignore it, or block the person. */
import type { RoomId } from "@palaver/sdk";
import { useClient } from "@palaver/sdk/react";
import { useEffect, useRef, useState } from "react";
import { t } from "../../i18n/index.ts";
import { useRoom } from "../../lib/room.ts";
import { Button } from "../../ui/Button.tsx";
import { attempt } from "../../ui/Toasts.tsx";
import s from "./RequestBar.module.css";

const FIELDS = ["id", "name", "with", "request"] as const;

/** `onGone` is called when the room has left the list. */
export function RequestBar({ id, onGone }: { id: RoomId; onGone: () => void }) {
  const client = useClient();
  const room = useRoom(id, FIELDS);
  const [busy, setBusy] = useState(false);
  const stranger = room.with;
  // Nobody learns that a request was read. Once it is accepted, what was read meanwhile counts as read.
  const waited = useRef(room.request);
  useEffect(() => {
    if (waited.current && !room.request) client.markRead(room.id);
    waited.current = room.request;
  }, [client, room.id, room.request]);
  if (!room.request || stranger === null) return null;
  const answer = (request: () => Promise<void>, leaves: boolean) => {
    setBusy(true);
    const answered = request().then(() => (leaves ? onGone() : undefined));
    attempt(answered.finally(() => setBusy(false)));
  };
  return (
    <section className={s.bar} aria-label={t("request.label")}>
      <p className={s.text}>{t("request.text", { name: room.name })}</p>
      <div className={s.actions}>
        <Button
          small
          variant="primary"
          isDisabled={busy}
          onPress={() => answer(() => client.acceptRequest(room.id), false)}
        >
          {t("request.accept")}
        </Button>
        <Button small isDisabled={busy} onPress={() => answer(() => client.ignoreRequest(room.id), true)}>
          {t("request.ignore")}
        </Button>
        <Button small isDisabled={busy} onPress={() => answer(() => client.block(stranger.id), true)}>
          {t("request.block")}
        </Button>
      </div>
    </section>
  );
}
