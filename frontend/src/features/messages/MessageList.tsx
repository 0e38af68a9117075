/**
 * Owns the conversation of one room: a virtual list that follows the bottom, loads history upwards, marks what was seen
 * as read and jumps to a message. Mount it with the room's id as key: what it remembers belongs to one visit of one room.
 */
import type { MessageView, Person, RoomView } from "@palaver/sdk";
import { useClient } from "@palaver/sdk/react";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { Virtualizer, type VirtualizerHandle } from "virtua";
import { t } from "../../i18n/index.ts";
import { explainFailure } from "../../lib/errors.ts";
import { day } from "../../lib/format.ts";
import { useWindowEvent } from "../../lib/hooks.ts";
import { Button } from "../../ui/Button.tsx";
import { Empty, Skeleton } from "../../ui/Empty.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { Announcer } from "./Announcer.tsx";
import { type MessageActions, type Rights, RowContext } from "./context.ts";
import s from "./MessageList.module.css";
import { MessageRow } from "./MessageRow.tsx";
import { prepended, toRows } from "./rows.ts";
import { useScroll } from "./useScroll.ts";

/** Older messages are asked for when this little is left above. */
const LOAD_AHEAD_PX = 800;
const SETTLE_MS = 150;
const READ_AFTER_MS = 300;
const FLASH_MS = 1_600;

interface Props {
  readonly room: RoomView;
  readonly me: Person;
  readonly rights: Rights;
  /** A message to show (from the address). */
  readonly target: number | null;
  readonly actions: Omit<MessageActions, "jump">;
  /** Told when a linked message is not to be had. */
  readonly onMissing: () => void;
}

export function MessageList({ room, me, rights, target, actions, onMissing }: Props) {
  const client = useClient();
  const frame = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const list = useRef<VirtualizerHandle>(null);
  const [newAfter, setNewAfter] = useState(() => (room.unread > 0 ? room.readSeq : null));
  const rows = useMemo(() => toRows(room.messages, newAfter), [room.messages, newAfter]);
  const before = useRef(rows);
  const shift = before.current !== rows && prepended(before.current, rows) > 0;
  useLayoutEffect(() => {
    before.current = rows;
  }, [rows]);

  const firstNew = rows.findIndex((row) => row.startsNew);
  const placed = useRef(false);
  const scroll = useScroll(frame, content, list, rows.length, target === null && newAfter === null);
  const [wanted, setWanted] = useState(target);
  const [flashing, setFlashing] = useState<string | null>(null);
  const [topDay, setTopDay] = useState<string | null>(null);
  const [tabKey, setTabKey] = useState<string | null>(null);
  const atEnd = scroll.atBottom;

  // ---- where to stand when the messages come: at the linked message, at the New line, else at the bottom
  useLayoutEffect(() => {
    if (placed.current || !room.loaded || rows.length === 0) return;
    placed.current = true;
    if (target !== null) return;
    if (firstNew > 0) list.current?.scrollToIndex(firstNew, { align: "start", offset: -96 });
    else scroll.toBottom();
  }, [room.loaded, rows.length, firstNew, target, scroll.toBottom]);

  // ---- what one sends oneself is shown, wherever one was reading
  const newest = rows.at(-1)?.message;
  const sent = newest?.mine === true && newest.status === "sending" ? newest.key : null;
  const lastSent = useRef(sent);
  useLayoutEffect(() => {
    if (sent !== null && sent !== lastSent.current) scroll.toBottom();
    lastSent.current = sent;
  }, [sent, scroll.toBottom]);

  // ---- history
  const loadOlder = useCallback(() => {
    const element = frame.current;
    if (element === null || !room.loaded || !room.hasMore || room.loading || room.loadFailure !== null) return;
    if (element.scrollTop < LOAD_AHEAD_PX) client.loadOlder(room.id).catch(() => undefined);
  }, [client, room.id, room.loaded, room.hasMore, room.loading, room.loadFailure]);
  // Also when a page did not fill the window, or was loaded while the reader went on upwards.
  // Asked a moment later: rows that have not been measured yet make the list look shorter than it is.
  // biome-ignore lint/correctness/useExhaustiveDependencies: each new page asks the question again
  useEffect(() => {
    const timer = setTimeout(loadOlder, SETTLE_MS);
    return () => clearTimeout(timer);
  }, [loadOlder, rows.length]);

  // ---- read marks
  const readTimer = useRef<ReturnType<typeof setTimeout> | null>(null);
  const markSeen = useCallback(() => {
    readTimer.current = null;
    const element = frame.current;
    const handle = list.current;
    if (element === null || handle === null || document.hidden || !document.hasFocus()) return;
    const last = handle.findItemIndex(element.scrollTop + element.clientHeight - 12);
    if (last >= rows.length - 1) {
      client.markRead(room.id);
      return;
    }
    const seen = rows[last]?.message.seq ?? null;
    if (seen !== null && seen > room.readSeq) client.markRead(room.id, seen);
  }, [client, room.id, room.readSeq, rows]);
  const latestMark = useRef(markSeen);
  useLayoutEffect(() => {
    latestMark.current = markSeen;
  }, [markSeen]);
  const seeSoon = useCallback(() => {
    readTimer.current ??= setTimeout(() => latestMark.current(), READ_AFTER_MS);
  }, []);
  useEffect(() => {
    if (room.loaded && (room.unread > 0 || room.readSeq < room.head)) seeSoon();
  }, [room.loaded, room.unread, room.readSeq, room.head, seeSoon]);
  useEffect(
    () => () => {
      if (readTimer.current !== null) clearTimeout(readTimer.current);
      readTimer.current = null;
    },
    [],
  );
  useWindowEvent("focus", seeSoon);
  // What arrives while one looks elsewhere gets the New line; an older one stays until then.
  const leftAt = useRef<number | null>(null);
  useWindowEvent("blur", () => {
    leftAt.current = room.unread === 0 ? room.head : null;
  });
  useEffect(() => {
    if (leftAt.current === null || room.head <= leftAt.current || room.unread === 0 || document.hasFocus()) return;
    setNewAfter(leftAt.current);
    leftAt.current = null;
  }, [room.head, room.unread]);

  const onScroll = useCallback(() => {
    scroll.onScroll();
    loadOlder();
    seeSoon();
    const element = frame.current;
    const first = element === null ? undefined : rows[list.current?.findItemIndex(element.scrollTop + 8) ?? 0];
    setTopDay(first === undefined || first.startsDay ? null : first.message.at);
  }, [scroll.onScroll, loadOlder, seeSoon, rows]);

  // ---- jumps
  useEffect(() => setWanted(target), [target]);
  const at = wanted === null ? -1 : rows.findIndex((row) => row.message.seq === wanted);
  const wantedKey = rows[at]?.message.key ?? null;
  useEffect(() => {
    if (wanted === null || !room.loaded) return;
    if (wantedKey !== null) {
      scroll.release();
      list.current?.scrollToIndex(at, { align: "center" });
      setFlashing(wantedKey);
      setWanted(null);
      return;
    }
    let current = true;
    client.loadUntil(room.id, wanted).then(
      (found) => {
        if (!current || found) return;
        setWanted(null);
        onMissing();
      },
      () => current && setWanted(null),
    );
    return () => {
      current = false;
    };
  }, [wanted, at, wantedKey, room.loaded, room.id, client, onMissing, scroll.release]);
  useEffect(() => {
    if (flashing === null) return;
    const timer = setTimeout(() => setFlashing(null), FLASH_MS);
    return () => clearTimeout(timer);
  }, [flashing]);

  // ---- one tab stop, arrows between messages
  const tabStop = rows.some((row) => row.message.key === tabKey) ? tabKey : (rows.at(-1)?.message.key ?? null);
  const onKeyDown = (event: React.KeyboardEvent) => {
    const step = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : 0;
    const from = event.target;
    if (step === 0 || !(from instanceof HTMLElement) || from.tagName !== "ARTICLE") return;
    const next = rows.findIndex((row) => row.message.key === from.dataset.key) + step;
    const key = rows[next]?.message.key;
    if (key === undefined) return;
    event.preventDefault();
    setTabKey(key);
    list.current?.scrollToIndex(next, { align: "nearest" });
    requestAnimationFrame(() =>
      content.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`)?.focus(),
    );
  };

  const people = useMemo(() => new Map(room.members.map((member) => [member.user.id, member.user])), [room.members]);
  const bySeq = useMemo(() => new Map(room.messages.map((message) => [message.seq, message])), [room.messages]);
  const context = useMemo(
    () => ({
      room: room.id,
      me,
      rights,
      people,
      quoted: (seq: number): MessageView | null => bySeq.get(seq) ?? null,
      actions: { ...actions, jump: setWanted },
    }),
    [room.id, me, rights, people, bySeq, actions],
  );

  return (
    <div className={s.pane}>
      <div
        className={s.frame}
        ref={frame}
        onScroll={onScroll}
        onKeyDown={onKeyDown}
        role="log"
        aria-label={t("list.label")}
        aria-live="off"
        aria-busy={!room.loaded}
      >
        <div className={s.content} ref={content}>
          {room.loaded && rows.length === 0 && (
            <Empty icon="chat" title={t("list.emptyTitle")} text={t("list.emptyText", { room: room.name })} />
          )}
          {!room.loaded && room.loadFailure === null && <Skeleton rows={7} />}
          <RowContext.Provider value={context}>
            <Virtualizer ref={list} scrollRef={frame} shift={shift} itemSize={56} bufferSize={400}>
              {rows.map(({ message, startsDay, startsGroup, startsNew }) => (
                <MessageRow
                  key={message.key}
                  message={message}
                  startsDay={startsDay}
                  startsGroup={startsGroup}
                  startsNew={startsNew}
                  flashes={message.key === flashing}
                  tabStop={message.key === tabStop}
                />
              ))}
            </Virtualizer>
          </RowContext.Provider>
        </div>
      </div>
      {topDay !== null && (
        <div className={s.topDay} aria-hidden="true">
          {day(topDay)}
        </div>
      )}
      {room.loading && room.loaded && (
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
      {!atEnd && rows.length > 0 && (
        <button type="button" className={s.pill} onClick={scroll.toBottom}>
          <Icon name="down" size={16} />
          {room.unread > 0 ? t("list.newBelow", { n: room.unread }) : t("list.toBottom")}
        </button>
      )}
      <Announcer messages={room.messages} />
    </div>
  );
}
