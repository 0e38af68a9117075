/**
 * Owns writing: the text with its draft, replies, edits, files, mentions. Mount it with the room's id as key. Writing
 * works while the connection is down; sent messages wait in the SDK's outbox.
 */
import type { MessageView, Person, RoomId } from "@palaver/sdk";
import { useClient, useClientState } from "@palaver/sdk/react";
import { memo, useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "react";
import { t } from "../../i18n/index.ts";
import { useMedia, useNow } from "../../lib/hooks.ts";
import { COUNTER_FROM, TEXT_CHARS } from "../../lib/limits.ts";
import { called, roomName } from "../../lib/person.ts";
import { useRoom } from "../../lib/room.ts";
import { withoutBlankEnds } from "../../lib/text/markdown.ts";
import { IconButton } from "../../ui/Button.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { AttachmentStrip } from "./AttachmentStrip.tsx";
import { useAttachments } from "./attachments.ts";
import { whyBlocked } from "./blocked.ts";
import s from "./Composer.module.css";
import { optionId, Suggestions } from "./Suggestions.tsx";
import { useDrop } from "./useDrop.ts";
import { useMentions } from "./useMentions.ts";

const FIELDS = ["id", "name", "kind", "with", "archived", "role", "mutedUntil", "members"] as const;

interface Props {
  readonly id: RoomId;
  readonly me: Person;
  /** The message being edited. */
  readonly editing: MessageView | null;
  readonly onEdit: (message: MessageView | null) => void;
  /** Returns the one-line form of a quoted message. */
  readonly quote: (message: MessageView | null) => string;
}

export const Composer = memo(function Composer({ id, me, editing, onEdit, quote }: Props) {
  const client = useClient();
  const room = useRoom(id, FIELDS);
  const field = useRef<HTMLTextAreaElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(() => client.getDraft(room.id).text);
  const files = useAttachments(room.id);
  const [sendWhenThere, setSendWhenThere] = useState(false);
  const listId = useId();
  // Tested by the absence of a coarse pointer: a machine without any pointer has a keyboard.
  const precise = !useMedia("(pointer: coarse)");
  const now = useNow(room.mutedUntil === null ? null : 5_000);
  const blocked = whyBlocked(room, now);
  const over = useDrop(files.add, blocked === null);

  const everybody = useMemo(() => {
    const present = room.members.filter((member) => member.state === "joined").map((member) => member.user);
    return present.length === 0 && room.with !== null ? [room.with] : present;
  }, [room.members, room.with]);
  const mentions = useMentions(everybody, me.id);

  const answers = useClientState((state) => state.drafts.get(room.id)?.replyTo ?? null);
  const replyTo = editing === null ? answers : null;
  const answered = useClientState((state) =>
    replyTo === null ? null : (state.rooms.get(id)?.messages.find((message) => message.seq === replyTo) ?? null),
  );
  const left = TEXT_CHARS - [...text].length;
  const empty = text.trim() === "" && (editing !== null || files.items.length === 0);

  // ---- edits borrow the field: the draft is set aside and comes back
  const editKey = editing?.key ?? null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: only the change of the message matters, not its newer versions
  useEffect(() => {
    setText(editing === null ? client.getDraft(room.id).text : editing.text);
    if (editing !== null) field.current?.focus();
  }, [editKey]);
  useEffect(() => {
    if (replyTo !== null) field.current?.focus();
  }, [replyTo]);
  // On a phone, focusing would open a keyboard that covers the messages.
  useEffect(() => {
    if (precise) field.current?.focus({ preventScroll: true });
  }, [precise]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the height follows the text
  useLayoutEffect(() => {
    const element = field.current;
    // The browser's own way causes no layout of the page on each key.
    if (element === null || CSS.supports("field-sizing", "content")) return;
    element.style.height = "auto";
    element.style.height = `${element.scrollHeight}px`;
  }, [text, blocked]);

  const write = (next: string) => {
    setText(next);
    if (editing !== null) return;
    client.setDraft(room.id, { text: next });
    client.typing(room.id, next.trim() !== "");
  };

  const send = () => {
    if (empty || left < 0) return;
    const written = withoutBlankEnds(text);
    if (editing !== null) {
      if (editing.seq !== null && written !== editing.text) client.edit(room.id, editing.seq, written);
      onEdit(null);
      return;
    }
    if (!files.complete) {
      setSendWhenThere(true);
      return;
    }
    const infos = files.items.flatMap((item) => (item.info === null ? [] : [item.info]));
    client.typing(room.id, false);
    client.send(room.id, { text: written, replyTo, files: infos });
    client.setDraft(room.id, { text: "", replyTo: null });
    setText("");
    files.clear();
  };

  // Enter while files are uploading: the message is sent when the last upload completes, unless one failed.
  const latestSend = useRef(send);
  useLayoutEffect(() => {
    latestSend.current = send;
  });
  const failed = files.items.some((item) => item.error !== null);
  useEffect(() => {
    if (!sendWhenThere) return;
    if (failed) setSendWhenThere(false);
    else if (files.complete) {
      setSendWhenThere(false);
      latestSend.current();
    }
  }, [sendWhenThere, files.complete, failed]);

  const pick = (person: Person) => {
    const next = mentions.apply(text, person);
    write(next.text);
    requestAnimationFrame(() => field.current?.setSelectionRange(next.caret, next.caret));
  };

  const leave = () => {
    if (editing !== null) onEdit(null);
    else if (replyTo !== null) client.setDraft(room.id, { replyTo: null });
  };

  const onKeyDown = (event: React.KeyboardEvent<HTMLTextAreaElement>) => {
    // While an input method composes, it handles the keys.
    if (event.nativeEvent.isComposing) return;
    if (mentions.onKey(event.key, pick)) {
      event.preventDefault();
    } else if (event.key === "Enter" && !event.shiftKey && precise) {
      event.preventDefault();
      send();
    } else if (event.key === "Escape") {
      leave();
    } else if (event.key === "ArrowUp" && text === "" && editing === null) {
      const all = client.getState().rooms.get(id)?.messages;
      const own = all?.findLast((message) => message.mine && message.seq !== null && !message.deleted);
      if (own === undefined) return;
      event.preventDefault();
      onEdit(own);
    }
  };

  const onPaste = (event: React.ClipboardEvent) => {
    if (event.clipboardData.files.length === 0 || editing !== null) return;
    event.preventDefault();
    files.add(event.clipboardData.files);
  };

  if (blocked !== null) {
    return (
      <div className={s.blocked} role="note">
        <Icon name="lock" size={18} />
        {blocked}
      </div>
    );
  }

  const placeholder = t(room.kind === "direct" ? "composer.toPerson" : "composer.toRoom", { name: roomName(room) });
  return (
    <div className={s.composer}>
      {over && (
        <div className={s.drop}>
          <Icon name="attach" size={28} />
          {t("upload.drop", { room: room.name })}
        </div>
      )}
      <div className={s.box} data-over={left < 0 || undefined}>
        {mentions.open && (
          <Suggestions
            id={listId}
            people={mentions.people}
            active={mentions.active}
            onPick={pick}
            onHover={mentions.setActive}
          />
        )}
        {(editing !== null || replyTo !== null) && (
          <div className={s.mode}>
            <Icon name={editing !== null ? "edit" : "reply"} size={16} />
            <span className={s.modeText} dir="auto">
              {editing !== null
                ? t("composer.editing")
                : t("composer.replying", { name: answered === null ? "…" : called(answered.by) })}
              {editing === null && <span className={s.quoted}>{quote(answered)}</span>}
            </span>
            <IconButton small icon="close" size={16} label={t("action.cancel")} onPress={leave} />
          </div>
        )}
        <AttachmentStrip items={files.items} onRemove={files.remove} onOriginal={files.setOriginal} />
        <div className={s.line}>
          <IconButton
            icon="attach"
            label={t("upload.attach")}
            isDisabled={editing !== null}
            onPress={() => picker.current?.click()}
          />
          <input
            ref={picker}
            type="file"
            multiple
            className="visually-hidden"
            tabIndex={-1}
            aria-label={t("upload.attachFiles")}
            onChange={(event) => {
              files.add(event.target.files ?? []);
              // Lets the same file be chosen again.
              event.target.value = "";
            }}
          />
          <textarea
            ref={field}
            className={s.field}
            rows={1}
            dir="auto"
            value={text}
            placeholder={placeholder}
            aria-label={t("composer.label")}
            aria-autocomplete="list"
            aria-controls={mentions.open ? listId : undefined}
            aria-activedescendant={mentions.open ? optionId(listId, mentions.active) : undefined}
            enterKeyHint={precise ? "send" : "enter"}
            onChange={(event) => {
              write(event.target.value);
              mentions.look(event.target.value, event.target.selectionStart);
            }}
            onSelect={(event) => mentions.look(event.currentTarget.value, event.currentTarget.selectionStart)}
            onKeyDown={onKeyDown}
            onPaste={onPaste}
            onBlur={() => client.typing(room.id, false)}
          />
          {left <= COUNTER_FROM && (
            <output className={s.counter} data-over={left < 0 || undefined}>
              {left}
            </output>
          )}
          <span className={s.send} data-ready={!(empty || left < 0) || undefined}>
            <IconButton
              icon={editing !== null ? "check" : "send"}
              label={editing !== null ? t("composer.save") : t("composer.send")}
              isDisabled={empty || left < 0}
              onPress={() => {
                send();
                field.current?.focus();
              }}
            />
          </span>
        </div>
      </div>
      {sendWhenThere && <p className={s.note}>{t("upload.sendsWhenThere")}</p>}
    </div>
  );
});
