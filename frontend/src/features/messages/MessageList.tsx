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
import { useRoom } from "../../lib/room.ts";
import { Button } from "../../ui/Button.tsx";
import { Empty, Skeleton } from "../../ui/Empty.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { Announcer } from "./Announcer.tsx";
import { type MessageActions, type Rights, RowContext } from "./context.ts";
import { LinkTrouble } from "./LinkTrouble.tsx";
import { LIST_FIELDS } from "./listRoom.ts";
import s from "./MessageList.module.css";
import { MessageRow } from "./MessageRow.tsx";
import { type Made, prepended, type Row, remake } from "./rows.ts";
import { TopLine } from "./TopLine.tsx";
import { ToolbarOwner } from "./toolbarOwner.ts";
import { useArrows } from "./useArrows.ts";
import { MAX_UNREAD, useCatchUp } from "./useCatchUp.ts";
import { useFollowing } from "./useFollowing.ts";
import { useHistory } from "./useHistory.ts";
import { useJump, useWanted } from "./useJump.ts";
import { useNewLine } from "./useNewLine.ts";
import { useReading } from "./useReading.ts";
import { useReadMarks } from "./useReadMarks.ts";
import { useUnread } from "./useUnread.ts";

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
  /** Called with whether the end of the conversation is out of sight, so that arriving messages are unread. */
  readonly onAway: (away: boolean) => void;
}

export const MessageList = memo(function MessageList(props: Props) {
  const { id, me, rights, actions, onAway } = props;
  const client = useClient();
  const room = useRoom(id, LIST_FIELDS);
  const reading = useReading(room, props.target, START_PX);
  const { target } = reading;
  const frame = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const list = useRef<VirtualizerHandle>(null);
  const { remove: removeLine, ...line } = useNewLine(room);
  const { newAfter } = line;
  const catchesUp = useCatchUp(room, newAfter, target);
  const wanted = useWanted(target, room.messages);
  const ready = room.loaded && !catchesUp && !wanted.waits && !reading.waits;
  const made = useRef<Made>(null);
  const all = useMemo(() => {
    made.current = remake(made.current, room.messages, newAfter, room.hasMore);
    return made.current;
  }, [room.messages, newAfter, room.hasMore]);
  const rows = ready ? all.rows : NONE;
  const { segment } = all;
  const before = useRef(rows);
  const added = before.current === rows ? 0 : prepended(before.current, rows);
  useLayoutEffect(() => {
    before.current = rows;
  }, [rows]);

  const following = useFollowing(frame, content, rows, target === null && newAfter === null && !reading.returns, {
    hasNewer: room.hasNewer,
    dropped: added < 0,
  });
  const { isAway, begin, look, toBottom, leave } = following;
  // Whether the list has reached its initial position.
  const [placed, setPlaced] = useState(false);
  const markSoon = useReadMarks(room, rows, frame, list, ready, following.seesEnd);
  const started = useRef(false);
  const start = useCallback(() => {
    started.current = true;
    setPlaced(true);
    begin();
  }, [begin]);
  const toNewest = useCallback(() => {
    // The list shows a failed page (`loadFailure`).
    client.loadNewest(id).catch(() => undefined);
    started.current = true;
    setPlaced(true);
    toBottom();
  }, [client, id, toBottom]);
  const onMissing = useCallback(() => {
    // Who follows a quote stays there. A room that was opened by a link still has to show something.
    if (!started.current) toNewest();
  }, [toNewest]);
  const { jump, moves, flashing, trouble, dismiss } = useJump(
    room,
    rows,
    list,
    wanted,
    { leave, begin: start },
    onMissing,
  );
  const history = useHistory(room, rows.length, frame, ready && placed && !moves);
  const { unread, look: lookForNew } = useUnread(room, rows, line, frame, list);
  const [playing, setPlaying] = useState<string | null>(null);
  const { tabStop, mounted, ...keys } = useArrows(rows, frame, list, playing);
  useEffect(() => {
    onAway(isAway);
    return () => onAway(false);
  }, [isAway, onAway]);
  useEffect(() => {
    client.holdMessages(id, isAway);
    return () => client.holdMessages(id, false);
  }, [client, id, isAway]);
  const [topAt, setTopAt] = useState<string | null>(null);

  // Initial position once the messages are loaded: at the linked message, where the reader was, at the New line, else at
  // the bottom.
  const firstNew = rows.findIndex((row) => row.startsNew);
  useLayoutEffect(() => {
    if (started.current || rows.length === 0) return;
    if (target !== null) return;
    started.current = true;
    if (reading.restore(rows, list.current)) {
      requestAnimationFrame(() => requestAnimationFrame(start));
      return;
    }
    if (firstNew < 0 || line.unread > MAX_UNREAD) {
      setPlaced(true);
      toBottom();
      return;
    }
    // The list knows its own height only after the first render, and reaches its target only a frame later.
    requestAnimationFrame(() => {
      list.current?.scrollToIndex(firstNew, { align: "start", offset: -ABOVE_NEW_PX });
      requestAnimationFrame(start);
    });
  }, [rows, firstNew, line.unread, target, toBottom, start, reading.restore]);

  // A message that the user sends is shown, wherever they were reading.
  const sent = room.outbox.findLast(({ kind, status }) => kind === "send" && status === "sending")?.id ?? null;
  const lastSent = useRef(sent);
  useLayoutEffect(() => {
    if (sent !== null && sent !== lastSent.current) toNewest();
    lastSent.current = sent;
  }, [sent, toNewest]);

  const onScroll = () => {
    look();
    history.load();
    markSoon();
    lookForNew();
    const element = frame.current;
    reading.keep(rows, list.current, element, following.seesEnd());
    const first = element === null ? undefined : rows[list.current?.findItemIndex(element.scrollTop + 8) ?? 0];
    setTopAt(first === undefined || first.startsDay ? null : first.message.at);
  };

  const [toolbar] = useState(() => new ToolbarOwner());
  const context = useMemo(
    () => ({
      room: room.id,
      me,
      rights,
      actions: { ...actions, jump },
      holdForMenu: following.holdForMenu,
      toolbar,
      keep: setPlaying,
    }),
    [room.id, me, rights, actions, jump, following.holdForMenu, toolbar],
  );

  return (
    <div className={s.pane}>
      <TopLine
        at={topAt}
        unread={unread}
        onJump={jump}
        onRead={() => {
          client.markRead(id);
          removeLine();
        }}
      />
      {trouble !== null && <LinkTrouble why={trouble.why} onRetry={() => jump(trouble.seq)} onDismiss={dismiss} />}
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
              key={segment}
              ref={list}
              data={rows}
              scrollRef={frame}
              shift={added !== 0}
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
      {room.loading && ready && (
        <div className={s.loading} role="status">
          {t("list.loading")}
        </div>
      )}
      {room.loadFailure !== null && (
        <div className={s.failed} role="alert">
          {explainFailure(room.loadFailure)}
          <Button small onPress={history.retry}>
            {t("delivery.retry")}
          </Button>
        </div>
      )}
      {isAway && rows.length > 0 && (
        <button
          type="button"
          className={s.pill}
          onClick={() => {
            toNewest();
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
