/**
 * Owns the conversation of one room: a virtual list that follows the bottom, loads history upwards, marks visible
 * messages as read and jumps to a message. Mount it with the room's id as key: its state belongs to one visit of one
 * room.
 */
import type { Person, RoomId } from "@palaver/sdk";
import { useClient } from "@palaver/sdk/react";
import { memo, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { Virtualizer, type VirtualizerHandle } from "virtua";
import { t } from "../../i18n/index.ts";
import { explainFailure } from "../../lib/errors.ts";
import { day } from "../../lib/format.ts";
import { useRoom } from "../../lib/room.ts";
import { Button } from "../../ui/Button.tsx";
import { Empty, Skeleton } from "../../ui/Empty.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { Announcer } from "./Announcer.tsx";
import { type MessageActions, type Rights, RowContext } from "./context.ts";
import { LIST_FIELDS } from "./listRoom.ts";
import s from "./MessageList.module.css";
import { MessageRow } from "./MessageRow.tsx";
import { type Made, prepended, type Row, remake } from "./rows.ts";
import { useArrows } from "./useArrows.ts";
import { useCatchUp } from "./useCatchUp.ts";
import { useFollowing } from "./useFollowing.ts";
import { useHistory } from "./useHistory.ts";
import { useJump } from "./useJump.ts";
import { useNewLine } from "./useNewLine.ts";
import { useReadMarks } from "./useReadMarks.ts";

const NONE: readonly Row[] = [];
/** Height of read messages that stay visible above the New line. */
const ABOVE_NEW_PX = 96;
/** The space above the first row (see MessageList.module.css). */
const START_PX = 16;

interface Props {
  readonly id: RoomId;
  readonly me: Person;
  readonly rights: Rights;
  /** `seq` of a message to show (from the URL). */
  readonly target: number | null;
  readonly actions: Omit<MessageActions, "jump">;
  /** Called when a linked message cannot be loaded. */
  readonly onMissing: () => void;
  /** Called with whether the end of the conversation is out of sight, so that arriving messages are unread. */
  readonly onAway: (away: boolean) => void;
}

export const MessageList = memo(function MessageList({ id, me, rights, target, actions, onMissing, onAway }: Props) {
  const client = useClient();
  const room = useRoom(id, LIST_FIELDS);
  const frame = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const list = useRef<VirtualizerHandle>(null);
  const newAfter = useNewLine(room);
  const catchesUp = useCatchUp(room, newAfter, target);
  const ready = room.loaded && !catchesUp;
  const made = useRef<Made>(null);
  const all = useMemo(() => {
    made.current = remake(made.current, room.messages, newAfter, room.hasMore);
    return made.current.rows;
  }, [room.messages, newAfter, room.hasMore]);
  const rows = ready ? all : NONE;
  const before = useRef(rows);
  const shift = before.current !== rows && prepended(before.current, rows) > 0;
  useLayoutEffect(() => {
    before.current = rows;
  }, [rows]);

  const following = useFollowing(frame, content, rows, target === null && newAfter === null);
  const { isAway, begin, look, toBottom, leave } = following;
  const loadOlder = useHistory(room, rows.length, frame, ready);
  const markSoon = useReadMarks(room, rows, frame, list, ready, following.seesEnd);
  const onGone = useCallback(() => {
    toBottom();
    onMissing();
  }, [toBottom, onMissing]);
  const { jump, flashing } = useJump(room, rows, list, target, { leave, begin }, onGone);
  const { tabStop, mounted, ...keys } = useArrows(rows, content, list);
  useEffect(() => {
    onAway(isAway);
    return () => onAway(false);
  }, [isAway, onAway]);
  const [topDay, setTopDay] = useState<string | null>(null);

  // Initial position once the messages are loaded: at the linked message, at the New line, else at the bottom.
  const placed = useRef(false);
  const firstNew = rows.findIndex((row) => row.startsNew);
  useLayoutEffect(() => {
    if (placed.current || rows.length === 0) return;
    placed.current = true;
    if (target !== null) return;
    if (firstNew < 0) {
      toBottom();
      return;
    }
    // The list knows its own height only after the first render, and reaches its target only a frame later.
    requestAnimationFrame(() => {
      list.current?.scrollToIndex(firstNew, { align: "start", offset: -ABOVE_NEW_PX });
      requestAnimationFrame(begin);
    });
  }, [rows.length, firstNew, target, toBottom, begin]);

  // A message that the user sends is shown, wherever they were reading.
  const newest = rows.at(-1)?.message;
  const sent = newest?.mine === true && newest.status === "sending" ? newest.key : null;
  const lastSent = useRef(sent);
  useLayoutEffect(() => {
    if (sent !== null && sent !== lastSent.current) toBottom();
    lastSent.current = sent;
  }, [sent, toBottom]);

  const onScroll = () => {
    look();
    loadOlder();
    markSoon();
    const element = frame.current;
    const first = element === null ? undefined : rows[list.current?.findItemIndex(element.scrollTop + 8) ?? 0];
    setTopDay(first === undefined || first.startsDay ? null : day(first.message.at));
  };

  const context = useMemo(
    () => ({
      room: room.id,
      me,
      rights,
      actions: { ...actions, jump },
      holdForMenu: following.holdForMenu,
    }),
    [room.id, me, rights, actions, jump, following.holdForMenu],
  );

  return (
    <div className={s.pane}>
      <div
        className={s.frame}
        ref={frame}
        onScroll={onScroll}
        {...keys}
        tabIndex={-1}
        role="log"
        aria-label={t("list.label")}
        aria-live="off"
        aria-busy={!ready}
      >
        <div className={s.content} ref={content}>
          {ready && rows.length === 0 && (
            <Empty icon="chat" title={t("list.emptyTitle")} text={t("list.emptyText", { room: room.name })} />
          )}
          {!ready && room.loadFailure === null && <Skeleton rows={7} />}
          <RowContext.Provider value={context}>
            <Virtualizer
              ref={list}
              data={rows}
              scrollRef={frame}
              shift={shift}
              itemSize={56}
              bufferSize={400}
              startMargin={START_PX}
              keepMounted={mounted}
            >
              {({ message, startsDay, startsGroup, startsNew }) => (
                <MessageRow
                  key={message.key}
                  message={message}
                  startsDay={startsDay}
                  startsGroup={startsGroup}
                  startsNew={startsNew}
                  flashes={message.key === flashing}
                  tabStop={message.key === tabStop}
                />
              )}
            </Virtualizer>
          </RowContext.Provider>
        </div>
      </div>
      {topDay !== null && (
        <div className={s.topDay} aria-hidden="true">
          {topDay}
        </div>
      )}
      {room.loading && ready && (
        <div className={s.loading} role="status">
          {t("list.loading")}
        </div>
      )}
      {room.loadFailure !== null && (
        <div className={s.failed} role="alert">
          {explainFailure(room.loadFailure)}
          <Button
            small
            onPress={() => (room.loaded ? client.loadOlder(room.id) : client.openRoom(room.id)).catch(() => undefined)}
          >
            {t("delivery.retry")}
          </Button>
        </div>
      )}
      {isAway && rows.length > 0 && (
        <button
          type="button"
          className={s.pill}
          onClick={() => {
            toBottom();
            // The pill disappears, and the focus would be lost with it.
            frame.current?.focus({ preventScroll: true });
          }}
        >
          <Icon name="down" size={16} />
          {room.unread > 0 ? t("list.newBelow", { n: room.unread }) : t("list.toBottom")}
        </button>
      )}
      <Announcer messages={room.messages} />
    </div>
  );
});
