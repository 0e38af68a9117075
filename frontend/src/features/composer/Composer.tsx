/**
 * Owns writing: the text with its draft, replies, edits, files, mentions. Mount it with the room's id as key. Writing
 * works while the connection is down; sent messages wait in the SDK's outbox. What is written is the SDK's draft, which
 * survives a reload; only the text in the field is kept here, too.
 */
import { EMPTY_DRAFT, type MessageView, type Person, type RoomId } from "@palaver/sdk";
import { useClient, useClientState } from "@palaver/sdk/react";
import {
  memo,
  useCallback,
  useEffect,
  useId,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import { t } from "../../i18n/index.ts";
import { useMedia, useNow } from "../../lib/hooks.ts";
import { COUNTER_FROM, TEXT_CHARS } from "../../lib/limits.ts";
import { called, roomName } from "../../lib/person.ts";
import { useRoom } from "../../lib/room.ts";
import { withoutBlankEnds } from "../../lib/text/markdown.ts";
import { IconButton } from "../../ui/Button.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { toast } from "../../ui/Toasts.tsx";
import { AttachmentStrip } from "./AttachmentStrip.tsx";
import { attachmentsOf } from "./attachments.ts";
import { whyBlocked } from "./blocked.ts";
import s from "./Composer.module.css";
import { startEdit } from "./modes.ts";
import { attachesFiles } from "./paste.ts";
import { whyNotSent } from "./refusal.ts";
import { optionId, Suggestions } from "./Suggestions.tsx";
import { useDrop } from "./useDrop.ts";
import { useMentions } from "./useMentions.ts";

const FIELDS = ["id", "name", "kind", "with", "archived", "role", "mutedUntil", "members"] as const;

interface Props {
  readonly id: RoomId;
  readonly me: Person;
  /** Returns the one-line form of a quoted message. */
  readonly quote: (message: MessageView | null) => string;
}

export const Composer = memo(function Composer({ id, me, quote }: Props) {
  const client = useClient();
  const room = useRoom(id, FIELDS);
  const field = useRef<HTMLTextAreaElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const draft = useClientState((state) => state.drafts.get(id) ?? EMPTY_DRAFT);
  const { edit } = draft;
  const replyTo = edit === null ? draft.replyTo : null;
  const kept = edit === null ? draft.text : edit.text;
  const [text, setText] = useState(kept);
  const files = attachmentsOf(client, id);
  const items = useSyncExternalStore(files.subscribe, files.items);
  const sendsWhenThere = useSyncExternalStore(files.subscribe, files.willSend);
  // Whether the user asked to send: only then the composer says why it does not.
  const [asked, setAsked] = useState(false);
  const listId = useId();
  const whyId = useId();
  // Tested by the absence of a coarse pointer: a machine without any pointer has a keyboard.
  const precise = !useMedia("(pointer: coarse)");
  const now = useNow(room.mutedUntil === null ? null : 5_000);
  const blocked = whyBlocked(room, now);
  const addFiles = (added: Iterable<File>) => {
    // An edit changes the text alone.
    if (edit !== null) toast(t("composer.finishEdit"));
    else files.add(added);
  };
  const over = useDrop(addFiles, blocked === null);

  const everybody = useMemo(() => {
    const present = room.members.filter((member) => member.state === "joined").map((member) => member.user);
    return present.length === 0 && room.with !== null ? [room.with] : present;
  }, [room.members, room.with]);
  const mentions = useMentions(everybody, me.id);

  const answered = useClientState((state) =>
    replyTo === null ? null : (state.rooms.get(id)?.messages.find((message) => message.seq === replyTo) ?? null),
  );
  const editedFiles = useClientState((state) =>
    edit === null ? 0 : (state.rooms.get(id)?.messages.find(({ seq }) => seq === edit.target)?.files.length ?? 0),
  );
  const left = TEXT_CHARS - [...text].length;
  const blank = text.trim() === "";
  const why = whyNotSent({
    left,
    blank,
    edited: edit === null ? null : { files: editedFiles },
    failedFile: items.find((item) => item.error !== null)?.name ?? null,
  });
  const nothing = blank && edit === null && items.length === 0;
  useEffect(() => {
    if (why === null && !sendsWhenThere) setAsked(false);
  }, [why, sendsWhenThere]);

  // ---- the draft belongs to this tab while it is on the screen
  useEffect(() => client.holdDraft(id), [client, id]);
  useEffect(() => files.follow(draft.files), [files, draft.files]);

  // ---- the field shows what the draft has become by itself: sent, set aside for an edit, changed in another tab
  const written = useRef(kept);
  const caretToEnd = useCallback(() => {
    const element = field.current;
    if (element === null) return;
    const had = document.activeElement;
    element.setSelectionRange(element.value.length, element.value.length);
    element.scrollTop = element.scrollHeight;
    // Safari focuses the field with this.
    if (had !== element && document.activeElement === element) element.blur();
  }, []);
  const toEnd = useRef(false);
  const target = edit?.target ?? null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another text to write, or a new field
  useLayoutEffect(() => {
    toEnd.current = true;
  }, [target, blocked === null]);
  useLayoutEffect(() => {
    if (kept === written.current) return;
    written.current = kept;
    toEnd.current = true;
    setText(kept);
  }, [kept]);
  useLayoutEffect(() => {
    if (!toEnd.current || text !== written.current) return;
    toEnd.current = false;
    caretToEnd();
  });

  // On a phone, focusing would open a keyboard that covers the messages, unless the user has just asked to write.
  const opened = useRef(false);
  useEffect(() => {
    if (precise || (opened.current && (target !== null || replyTo !== null)))
      field.current?.focus({ preventScroll: true });
  }, [precise, target, replyTo]);
  useEffect(() => {
    opened.current = true;
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the height follows the text
  useLayoutEffect(() => {
    const element = field.current;
    // The browser's own way causes no layout of the page on each key.
    if (element === null || CSS.supports("field-sizing", "content")) return;
    element.style.height = "auto";
    element.style.height = `${element.scrollHeight}px`;
  }, [text, blocked]);

  const write = (next: string) => {
    written.current = next;
    setText(next);
    if (edit !== null) {
      client.setDraft(id, { edit: { ...edit, text: next } });
      return;
    }
    client.setDraft(id, { text: next });
    client.typing(id, next.trim() !== "");
  };

  const send = () => {
    if (nothing) return;
    if (why !== null) {
      setAsked(true);
      return;
    }
    if (edit === null) {
      files.send();
      // An upload that fails later stands in the way, too.
      if (files.willSend()) setAsked(true);
      return;
    }
    const changed = withoutBlankEnds(text);
    if (changed !== edit.original) client.edit(id, edit.target, changed);
    client.setDraft(id, { edit: null });
  };

  const pick = (person: Person) => {
    const next = mentions.apply(text, person);
    write(next.text);
    requestAnimationFrame(() => field.current?.setSelectionRange(next.caret, next.caret));
  };

  const leave = () => client.setDraft(id, edit !== null ? { edit: null } : { replyTo: null });

  const onKeyDown = (event: React.KeyboardEvent<HTMLTextAreaElement>) => {
    if (mentions.onKey(event.key, pick)) {
      event.preventDefault();
    } else if (event.key === "Enter" && !event.shiftKey && precise) {
      event.preventDefault();
      send();
    } else if (event.key === "Escape") {
      leave();
    } else if (event.key === "ArrowUp" && text === "" && edit === null) {
      const all = client.getState().rooms.get(id)?.messages;
      const own = all?.findLast((message) => message.mine && message.seq !== null && !message.deleted);
      if (own === undefined) return;
      event.preventDefault();
      startEdit(client, own);
    }
  };

  const onPaste = (event: React.ClipboardEvent) => {
    const pasted = [...event.clipboardData.files];
    if (!attachesFiles({ text: event.clipboardData.getData("text/plain"), files: pasted })) return;
    event.preventDefault();
    addFiles(pasted);
  };

  if (blocked !== null) {
    return (
      <div className={s.blocked} role="note">
        <Icon name="lock" size={18} />
        {blocked}
      </div>
    );
  }

  const refused = asked && why !== null;
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
        {(edit !== null || replyTo !== null) && (
          <div className={s.mode}>
            <Icon name={edit !== null ? "edit" : "reply"} size={16} />
            <span className={s.modeText} dir="auto">
              {edit !== null
                ? t("composer.editing")
                : t("composer.replying", { name: answered === null ? "…" : called(answered.by) })}
              {edit === null && <span className={s.quoted}>{quote(answered)}</span>}
            </span>
            <IconButton small icon="close" size={16} label={t("action.cancel")} onPress={leave} />
          </div>
        )}
        {edit === null && (
          <AttachmentStrip items={items} onRemove={files.remove} onRetry={files.retry} onOriginal={files.setOriginal} />
        )}
        <div className={s.line}>
          <IconButton
            icon="attach"
            label={t("upload.attach")}
            isDisabled={edit !== null}
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
            aria-describedby={refused ? whyId : undefined}
            aria-invalid={refused || undefined}
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
            onBlur={() => client.typing(id, false)}
          />
          {left <= COUNTER_FROM && (
            <output className={s.counter} dir="ltr" data-over={left < 0 || undefined}>
              {left}
            </output>
          )}
          <span className={s.send} data-ready={(!nothing && why === null) || undefined}>
            <IconButton
              icon={edit !== null ? "check" : "send"}
              label={edit !== null ? t("composer.save") : t("composer.send")}
              isDisabled={nothing}
              onPress={() => {
                send();
                field.current?.focus();
              }}
            />
          </span>
        </div>
      </div>
      {refused && (
        <p className={s.refused} id={whyId} role="alert">
          <Icon name="alert" size={16} />
          {why}
        </p>
      )}
      {sendsWhenThere && <p className={s.note}>{t("upload.sendsWhenThere")}</p>}
    </div>
  );
});
