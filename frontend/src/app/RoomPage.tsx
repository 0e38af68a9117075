/** Owns one open room: combines header, conversation, composer and people panel. Mount it with the room's id as key. */
import type { FileInfo, MessageView, Person, RoomId } from "@palaver/sdk";
import { useClient } from "@palaver/sdk/react";
import { memo, useCallback, useEffect, useMemo, useState } from "react";
import { Composer } from "../features/composer/Composer.tsx";
import { startEdit, startReply } from "../features/composer/modes.ts";
import { TypingLine } from "../features/composer/TypingLine.tsx";
import { ConnectionBar } from "../features/connection/ConnectionStatus.tsx";
import type { MessageActions } from "../features/messages/context.ts";
import { focusMessageIfLost } from "../features/messages/focus.ts";
import { MessageList } from "../features/messages/MessageList.tsx";
import { isPicture } from "../features/messages/media.ts";
import { quoteText } from "../features/messages/Quote.tsx";
import { PeoplePanel } from "../features/people/PeoplePanel.tsx";
import { moderates } from "../features/people/rights.ts";
import { RequestBar } from "../features/rooms/RequestBar.tsx";
import { addressOf } from "../features/rooms/sections.ts";
import { t } from "../i18n/index.ts";
import { useBackCloses } from "../lib/back.ts";
import { useMedia } from "../lib/hooks.ts";
import { useRoom } from "../lib/room.ts";
import { recall, remember } from "../lib/storage.ts";
import { copyText } from "../ui/copy.ts";
import { useDownload } from "../ui/fileUrl.ts";
import { onDemand } from "../ui/onDemand.tsx";
import { attempt } from "../ui/Toasts.tsx";
import { RoomHeader } from "./RoomHeader.tsx";
import s from "./RoomPage.module.css";
import { navigate, pathOf } from "./router.ts";

const Confirm = onDemand(async () => (await import("../ui/Dialog.tsx")).Confirm);

const Viewer = onDemand(async () => (await import("../features/messages/Viewer.tsx")).Viewer);

/** Neither messages nor members: the components that draw these read them themselves. */
const FIELDS = ["id", "slug", "kind", "state", "role", "archived"] as const;

interface Props {
  readonly id: RoomId;
  readonly me: Person;
  /** `seq` of a linked message. */
  readonly seq: number | null;
  readonly onDirect: (person: Person) => Promise<void>;
  /** Called with whether the end of the conversation is out of sight. */
  readonly onAway: (away: boolean) => void;
}

export const RoomPage = memo(function RoomPage({ id, me, seq, onDirect, onAway }: Props) {
  const client = useClient();
  const room = useRoom(id, FIELDS);
  const download = useDownload();
  const wide = useMedia("(min-width: 1100px)");
  // Beside the conversation, the open panel is a remembered choice; as an overlay, it is only opened temporarily.
  const [beside, setBeside] = useState(() => recall("people", true));
  const [above, setAbove] = useState(false);
  const peopleOpen = wide ? beside && room.kind !== "direct" : above;
  const [deleting, setDeleting] = useState<MessageView | null>(null);
  const [viewed, setViewed] = useState<{ file: FileInfo; message: MessageView } | null>(null);

  // The list loads the messages around a linked one itself.
  const [linked] = useState(seq !== null);
  useEffect(() => {
    // The list shows a failed page (`loadFailure`).
    if (room.state === "joined") client.openRoom(room.id, { newest: !linked }).catch(() => undefined);
  }, [client, room.id, room.state, linked]);

  const writes = room.state === "joined" && !room.archived && room.role !== "read_only";
  const moderator = moderates(room.role);
  const rights = useMemo(() => ({ write: writes, moderate: moderator }), [writes, moderator]);
  const address = addressOf(room);
  const actions = useMemo<Omit<MessageActions, "jump">>(
    () => ({
      reply: (message) => startReply(client, message),
      edit: (message) => startEdit(client, message),
      askDelete: setDeleting,
      react: (message, emoji) => message.seq !== null && client.react(room.id, message.seq, emoji),
      pin: (message) => message.seq !== null && attempt(client.pin(room.id, message.seq, !message.pinned)),
      copyLink: (message) => {
        copyText(`${location.origin}${pathOf(address, message.seq)}`, t("message.linkCopied"));
      },
      view: (file, message) => setViewed({ file, message }),
      download: (file) => attempt(download(file)),
      retry: (id) => client.retry(id),
      discard: (id) => client.discard(id),
    }),
    [client, download, room.id, address],
  );

  const togglePeople = useCallback(() => {
    if (wide) {
      setBeside(!beside);
      remember("people", !beside);
    } else setAbove(!above);
  }, [wide, beside, above]);
  useBackCloses(above && !wide, () => setAbove(false));
  const leaveRoom = useCallback(() => navigate(pathOf(null)), []);
  const directly = useCallback((person: Person) => attempt(onDirect(person)), [onDirect]);

  return (
    <div className={s.page} data-details={peopleOpen || undefined}>
      <div className={s.conversation}>
        <RoomHeader id={id} peopleOpen={peopleOpen} onPeople={togglePeople} />
        <ConnectionBar />
        <MessageList id={id} me={me} rights={rights} target={seq} actions={actions} onAway={onAway} />
        <div className={s.foot}>
          {room.kind === "direct" && <RequestBar id={id} onGone={leaveRoom} />}
          <Composer id={id} me={me} quote={quoteText} />
          <TypingLine id={id} />
        </div>
      </div>
      {peopleOpen && (
        <>
          {!wide && <button type="button" className={s.scrim} aria-label={t("action.close")} onClick={togglePeople} />}
          <aside className={s.details}>
            <PeoplePanel id={id} me={me} onClose={togglePeople} onDirect={directly} />
          </aside>
        </>
      )}
      {deleting !== null && (
        <Confirm
          title={t("message.deleteTitle")}
          text={t("message.deleteText")}
          action={t("message.delete")}
          onConfirm={() => {
            if (deleting.seq !== null) client.remove(room.id, deleting.seq);
            return undefined;
          }}
          onClose={() => {
            setDeleting(null);
            focusMessageIfLost(deleting.key);
          }}
        />
      )}
      {viewed !== null && (
        <Viewer
          files={viewed.message.files.filter(isPicture)}
          first={viewed.file}
          onDownload={(file) => attempt(download(file))}
          onClose={() => setViewed(null)}
        />
      )}
    </div>
  );
});
