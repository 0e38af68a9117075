/** Owns one row of the list: the day's heading and the "New" line above it, then the message in all its states. */
import type { MemberView, MessageView } from "@palaver/sdk";
import { useClientState } from "@palaver/sdk/react";
import { memo, type PointerEvent, type RefObject, useEffect, useMemo, useRef, useState } from "react";
import { t } from "../../i18n/index.ts";
import { clock, day, full, shortClock } from "../../lib/format.ts";
import { called, guestMark, handle, isAmbiguous } from "../../lib/person.ts";
import { useToday } from "../../lib/today.ts";
import { Avatar } from "../../ui/Avatar.tsx";
import { Button } from "../../ui/Button.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { Body } from "./Body.tsx";
import { useRow, useShowsToolbar } from "./context.ts";
import { Delivery } from "./Delivery.tsx";
import { Files } from "./Files.tsx";
import { focusIfLost } from "./focus.ts";
import s from "./MessageRow.module.css";
import { type FindMention, findMention, noMention } from "./mentioned.ts";
import { Quote } from "./Quote.tsx";
import { Reactions } from "./Reactions.tsx";
import { Toolbar } from "./Toolbar.tsx";
import { useLongPress } from "./useLongPress.ts";

interface Props {
  readonly message: MessageView;
  readonly startsDay: boolean;
  readonly startsGroup: boolean;
  readonly startsNew: boolean;
  /** Whether the list jumped to it a moment ago. */
  readonly flashes: boolean;
  /** Whether it has the list's one tab stop. */
  readonly tabStop: boolean;
}

export const MessageRow = memo(function MessageRow(props: Props) {
  const { message, startsDay, startsGroup, startsNew, flashes, tabStop } = props;
  const { holdForMenu, toolbar } = useRow();
  const { key } = message;
  const article = useRef<HTMLElement>(null);
  const [held, setHeld] = useState(false);
  const [menu, setMenu] = useState(false);
  const open = held || menu;
  useEffect(() => (open ? holdForMenu() : undefined), [open, holdForMenu]);
  useEffect(() => {
    if (!open) return;
    toolbar.set("held", key, true);
    return () => toolbar.set("held", key, false);
  }, [open, toolbar, key]);
  // A row that is unmounted under the pointer gets no event.
  useEffect(
    () => () => {
      for (const what of ["hovered", "focused", "inToolbar"] as const) toolbar.set(what, key, false);
    },
    [toolbar, key],
  );
  const find = useMentionsOf(message);
  const ambiguous = useIsAmbiguous(message);
  const guest = guestMark(message.by);
  const blocked = useClientState((state) => state.blocked.has(message.by.id));
  const [revealed, setRevealed] = useState(false);
  const shown = !message.deleted && (!blocked || revealed);
  const usable = message.seq !== null && !message.deleted && message.kind === "message";
  const showsToolbar = useShowsToolbar(key) && usable;
  const press = useLongPress(
    () => setMenu(true),
    // What a menu of the row renders elsewhere is a part of the row for React alone.
    (target) => usable && !isOwn(target) && article.current?.contains(target as Node) === true,
  );
  useKeepFocus(article, usable, open);
  const point = (event: PointerEvent) => {
    if (event.pointerType === "touch") return;
    // A list that scrolls brings rows under a pointer that rests.
    toolbar.set("hovered", key, true, event.movementX !== 0 || event.movementY !== 0);
  };
  return (
    <div className={s.row} data-group={startsGroup || undefined}>
      {startsDay && (
        <div className={s.day}>
          <Day at={message.at} />
        </div>
      )}
      {startsNew && (
        <div className={s.new} role="separator" aria-label={t("list.newLine")}>
          <span>{t("list.newLine")}</span>
        </div>
      )}
      <article
        className={s.message}
        data-key={message.key}
        data-status={message.status}
        data-flash={flashes || undefined}
        data-mentions-me={(message.mentionsMe && !message.mine) || undefined}
        aria-label={t("message.label", { name: called(message.by), time: clock(message.at) })}
        ref={article}
        tabIndex={tabStop ? 0 : -1}
        {...press}
        onPointerEnter={point}
        onPointerMove={(event) => {
          press.onPointerMove(event);
          point(event);
        }}
        onPointerLeave={() => toolbar.set("hovered", key, false)}
        onFocus={({ target }) => {
          toolbar.set("focused", key, true);
          toolbar.set("inToolbar", key, target.matches(":focus-visible") && target.closest("[role=toolbar]") !== null);
        }}
        onContextMenu={(event) => {
          if (!usable || wantsOwnMenu(event)) return;
          event.preventDefault();
          setMenu(true);
        }}
        onBlur={(event) => {
          if (event.currentTarget.contains(event.relatedTarget)) return;
          toolbar.set("focused", key, false);
          toolbar.set("inToolbar", key, false);
        }}
      >
        <div className={s.gutter}>
          {startsGroup ? (
            <Avatar id={message.by.id} name={called(message.by)} />
          ) : (
            <time className={s.sideTime} dateTime={message.at} title={full(message.at)}>
              {shortClock(message.at)}
            </time>
          )}
        </div>
        <div className={s.main}>
          {startsGroup && (
            <header className={s.head}>
              <span className={s.author} dir="auto">
                {called(message.by)}
              </span>
              {ambiguous && <span className={s.handle}>{handle(message.by)}</span>}
              {guest !== undefined && <span className={s.guest}>{guest}</span>}
              <time className={s.time} dateTime={message.at} title={full(message.at)}>
                {clock(message.at)}
              </time>
            </header>
          )}
          {message.pinned && (
            <p className={s.pinned}>
              <Icon name="pin" size={14} />
              {message.pinnedBy === null
                ? t("message.pinned")
                : t("message.pinnedBy", { name: called(message.pinnedBy) })}
            </p>
          )}
          {message.replyTo !== null && shown && <Quote seq={message.replyTo} />}
          {message.deleted ? (
            <p className={s.deleted}>{t("message.deleted")}</p>
          ) : !shown ? (
            <p className={s.deleted}>
              {t("message.blocked")}{" "}
              <Button small variant="quiet" onPress={() => setRevealed(true)}>
                {t("message.showBlocked")}
              </Button>
            </p>
          ) : (
            <>
              {message.text !== "" && (
                <Body
                  text={message.text}
                  find={find}
                  tail={message.editedAt === null ? undefined : <Edited at={message.editedAt} />}
                />
              )}
              <Files message={message} />
              <Reactions message={message} />
            </>
          )}
          <Delivery message={message} />
        </div>
        {showsToolbar && <Toolbar message={message} onHold={setHeld} menu={menu} onMenu={setMenu} />}
      </article>
    </div>
  );
});

const NO_MEMBERS: readonly MemberView[] = [];

/** Returns the search for the handles that a message mentions. Only rows with mentions follow the room's members. */
function useMentionsOf(message: MessageView): FindMention {
  const { me, room } = useRow();
  const mentions = message.mentions.length > 0 || (message.seq === null && message.text.includes("@"));
  const members = useClientState((state) => (mentions ? state.rooms.get(room)?.members : undefined) ?? NO_MEMBERS);
  return useMemo(() => (mentions ? findMention(message, members, me) : noMention), [mentions, message, members, me]);
}

/** Returns whether the author's name is also that of another member. */
function useIsAmbiguous(message: MessageView): boolean {
  const { room } = useRow();
  return useClientState((state) => isAmbiguous(message.by, state.rooms.get(room)?.members ?? NO_MEMBERS));
}

/** Returns whether the browser's own menu should open: people expect it on links, pictures, code and selected text. */
function wantsOwnMenu(event: React.MouseEvent): boolean {
  return isOwn(event.target) || window.getSelection()?.isCollapsed === false;
}

function isOwn(target: EventTarget): boolean {
  return target instanceof Element && target.closest("a, img, pre, button, audio, video") !== null;
}

/** Keeps the focus on a row that loses its toolbar and its menu, for example because the message was deleted. */
function useKeepFocus(article: RefObject<HTMLElement | null>, usable: boolean, open: boolean): void {
  const wasOpen = useRef(open);
  useEffect(() => {
    if (usable) wasOpen.current = open;
    else if (wasOpen.current) {
      wasOpen.current = false;
      focusIfLost(article.current);
    }
  }, [article, usable, open]);
}

/** The day's heading: today's becomes yesterday's while the page is open. */
function Day({ at }: { at: string }) {
  useToday();
  return <h2>{day(at)}</h2>;
}

function Edited({ at }: { at: string }) {
  return (
    <span className={s.edited} title={full(at)}>
      {" "}
      {t("message.edited")}
    </span>
  );
}
