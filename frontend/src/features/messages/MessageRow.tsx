/** Owns one row of the list: the day's heading and the "New" line above it, then the message in all its states. */
import type { MemberView, MessageView } from "@palaver/sdk";
import { useClientState } from "@palaver/sdk/react";
import { memo, useEffect, useMemo, useState } from "react";
import { t } from "../../i18n/index.ts";
import { clock, day, full, shortClock } from "../../lib/format.ts";
import { called, handle, isAmbiguous } from "../../lib/person.ts";
import { Avatar } from "../../ui/Avatar.tsx";
import { Button } from "../../ui/Button.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { Body } from "./Body.tsx";
import { useRow } from "./context.ts";
import { Delivery } from "./Delivery.tsx";
import { Files } from "./Files.tsx";
import s from "./MessageRow.module.css";
import { type FindMention, findMention, noMention } from "./mentioned.ts";
import { Quote } from "./Quote.tsx";
import { Reactions } from "./Reactions.tsx";
import { Toolbar } from "./Toolbar.tsx";

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
  const { holdForMenu } = useRow();
  const [over, setOver] = useState(false);
  const [focused, setFocused] = useState(false);
  const [held, setHeld] = useState(false);
  const [menu, setMenu] = useState(false);
  const open = held || menu;
  useEffect(() => (open ? holdForMenu() : undefined), [open, holdForMenu]);
  const find = useMentionsOf(message);
  const ambiguous = useIsAmbiguous(message);
  const blocked = useClientState((state) => state.blocked.has(message.by.id));
  const [revealed, setRevealed] = useState(false);
  const shown = !message.deleted && (!blocked || revealed);
  const usable = message.seq !== null && !message.deleted && message.kind === "message";
  return (
    <div className={s.row} data-group={startsGroup || undefined}>
      {startsDay && (
        <div className={s.day}>
          <h2>{day(message.at)}</h2>
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
        tabIndex={tabStop ? 0 : -1}
        onPointerEnter={(event) => event.pointerType !== "touch" && setOver(true)}
        onPointerLeave={() => setOver(false)}
        onFocus={() => setFocused(true)}
        onContextMenu={(event) => {
          if (!usable || wantsOwnMenu(event)) return;
          event.preventDefault();
          setMenu(true);
        }}
        onBlur={(event) => !event.currentTarget.contains(event.relatedTarget) && setFocused(false)}
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
              {message.by.guest === true && <span className={s.guest}>{t("person.guest")}</span>}
              <time className={s.time} dateTime={message.at} title={full(message.at)}>
                {clock(message.at)}
              </time>
              {message.pinned && <Icon name="pin" size={14} />}
            </header>
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
        {usable && (over || focused || open) && (
          <Toolbar message={message} onHold={setHeld} menu={menu} onMenu={setMenu} />
        )}
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
  const onOwn = event.target instanceof Element && event.target.closest("a, img, pre, button") !== null;
  return onOwn || window.getSelection()?.isCollapsed === false;
}

function Edited({ at }: { at: string }) {
  return (
    <span className={s.edited} title={full(at)}>
      {" "}
      {t("message.edited")}
    </span>
  );
}
