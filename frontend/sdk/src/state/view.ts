/**
 * Owns the view that applications read, built from the reducer's state.
 * Keeps references: what did not change is the same object as before, so that a list re-renders only what is new.
 */
import type { MessageView, Person, RoomView, State } from "../types.ts";
import { type Pin, messageView, pendingView, sendingView } from "./message-view.ts";
import type { Core, LoggedMessage, OutboxItem, Room } from "./model.ts";
import { unreadOf } from "./room.ts";

const NO_ITEMS: readonly OutboxItem[] = [];

interface CachedRoom {
  readonly room: Room;
  readonly items: readonly OutboxItem[];
  readonly me: Person | null;
  readonly view: RoomView;
  /** Views of the logged messages alone, and which of them were affected by an outbox change. */
  readonly logged: readonly MessageView[];
  readonly touched: ReadonlySet<number>;
}

type Shown = Pick<CachedRoom, "logged" | "touched"> & { readonly messages: readonly MessageView[] };

/** Builds views; one per client, since it remembers what it built. */
export class Viewer {
  private core: Core | null = null;
  private state: State | null = null;
  private rooms = new Map<string, CachedRoom>();
  private byRoom = new Map<string, readonly OutboxItem[]>();
  private messages = new WeakMap<LoggedMessage, { pinned: Pin; me: string; view: MessageView }>();

  view(core: Core): State {
    if (this.core === core && this.state !== null) return this.state;
    const before = this.core;
    const last = this.state;
    if (before?.outbox !== core.outbox) this.byRoom = groupByRoom(core.outbox, this.byRoom);
    const rooms =
      last !== null && before?.rooms === core.rooms && before.outbox === core.outbox && before.me === core.me
        ? last.rooms
        : this.roomViews(core, last?.rooms);
    const sameNotifications =
      last !== null &&
      before?.notifications === core.notifications &&
      before.notificationsUnread === core.notificationsUnread &&
      before.notificationsLoaded === core.notificationsLoaded &&
      before.notificationsNext === core.notificationsNext;
    this.core = core;
    this.state = {
      session: core.session,
      ended: core.ended,
      durable: core.durable,
      me: core.me,
      connection: core.connection,
      ready: core.ready,
      rooms,
      closed: core.closed,
      drafts: core.drafts,
      presence: core.presence,
      notifications: sameNotifications
        ? last.notifications
        : {
            items: [...core.notifications.values()].sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0)),
            unread: core.notificationsUnread,
            loaded: core.notificationsLoaded,
            hasMore: core.notificationsNext !== null,
          },
      settings: core.settings,
      blocked: core.blocked,
      outbox: last !== null && before?.outbox === core.outbox ? last.outbox : core.outbox.filter(isOpen).map(pendingView),
    };
    return this.state;
  }

  private roomViews(core: Core, last: ReadonlyMap<string, RoomView> | undefined): ReadonlyMap<string, RoomView> {
    const views = new Map<string, RoomView>();
    const cache = new Map<string, CachedRoom>();
    let same = last !== undefined && last.size === core.rooms.size;
    for (const room of core.rooms.values()) {
      const items = this.byRoom.get(room.id) ?? NO_ITEMS;
      let cached = this.rooms.get(room.id);
      if (cached === undefined || cached.room !== room || cached.items !== items || cached.me !== core.me) {
        cached = this.roomView(room, items, core.me, cached);
      }
      cache.set(room.id, cached);
      views.set(room.id, cached.view);
      same &&= last?.get(room.id) === cached.view;
    }
    this.rooms = cache;
    return same && last !== undefined ? last : views;
  }

  private roomView(room: Room, items: readonly OutboxItem[], me: Person | null, last: CachedRoom | undefined): CachedRoom {
    const { entry } = room;
    const sameMessages =
      last !== undefined && shownOf(last.room) === shownOf(room) && last.items === items && last.room.pins === room.pins && last.me === me;
    const shown = sameMessages ? { ...last, messages: last.view.messages } : this.messageViews(room, items, me, last);
    const { messages, logged, touched } = shown;
    const joining = items.some((item) => item.kind === "join" && item.status === "sending");
    const view: RoomView = {
      id: room.id,
      slug: entry.slug ?? null,
      name: entry.with ? entry.with.display_name || entry.with.name : (entry.name ?? ""),
      description: entry.description ?? "",
      kind: entry.kind,
      with: entry.with ?? null,
      state: entry.state === "joined" ? "joined" : joining ? "joining" : "invited",
      role: entry.role,
      level: entry.level,
      quietUntil: entry.quiet_until == null ? null : Date.parse(entry.quiet_until),
      hidden: entry.hidden,
      request: entry.request ?? false,
      archived: entry.archived ?? false,
      mutedUntil: room.mutedUntil,
      slowModeSeconds: room.slowModeSeconds,
      lastAt: lastAt(room.distant === null ? messages : [], entry.last_at ?? null),
      unread: unreadOf(room),
      unreadMentions: room.mentions.length,
      readSeq: room.read,
      head: room.head,
      messages,
      lastMessage: room.distant === null ? (messages[messages.length - 1] ?? null) : this.newestOf(room, me),
      loaded: room.loaded || room.distant !== null,
      hasMore: !(room.distant ?? room).complete,
      hasNewer: room.distant !== null,
      loading: room.loading,
      loadFailure: room.loadFailure,
      typing: last !== undefined && last.room.typing === room.typing ? last.view.typing : [...room.typing.values()].map((typing) => typing.person),
      members: last !== undefined && last.room.members === room.members ? last.view.members : [...room.members.values()].filter(isIn),
      membersLoaded: room.membersLoaded,
      pins: room.pins,
      changedElsewhere: room.changedElsewhere,
      receipts: room.receipts,
      outbox: last !== undefined && last.items === items ? last.view.outbox : items.filter(isOpen).map(pendingView),
    };
    return { room, items, me, view, logged, touched };
  }

  private messageViews(room: Room, items: readonly OutboxItem[], me: Person | null, last: CachedRoom | undefined): Shown {
    const changes = new Map<number, OutboxItem[]>();
    const sends: OutboxItem[] = [];
    for (const item of items) {
      if (item.kind === "send") sends.push(item);
      else if (item.target !== null) changes.set(item.target, [...(changes.get(item.target) ?? []), item]);
    }
    const pins = new Set(room.pins);
    const comparable = last !== undefined && last.me === me && last.room.pins === room.pins;
    const source = shownOf(room);
    const before = last === undefined ? [] : shownOf(last.room);
    const logged = source.map((message, i) => {
      // The usual case first: one message was appended and all before it are unchanged.
      const same = comparable && before[i] === message && !last.touched.has(message.seq) ? last.logged[i] : undefined;
      const pending = changes.get(message.seq);
      const pin = pins.has(message.seq) ? (room.pinners.get(message.seq) ?? true) : false;
      if (pending !== undefined) return messageView(room.id, message, pin, me, pending);
      return same ?? this.cachedView(room.id, message, pin, me);
    });
    const touched = new Set(changes.keys());
    // An unsent message stands below the newest ones.
    if (sends.length === 0 || me === null || room.distant !== null) return { messages: logged, logged, touched };
    // A page may have brought a message that the cursor has not reached yet.
    const stored = new Set(room.messages.slice(-200).map((message) => message.id));
    const sending = sends.filter((item) => !stored.has(item.id)).map((item) => sendingView(item, me));
    return { messages: [...logged, ...sending], logged, touched };
  }

  private newestOf(room: Room, me: Person | null): MessageView | null {
    const newest = room.messages[room.messages.length - 1];
    return newest === undefined ? null : this.cachedView(room.id, newest, room.pins.includes(newest.seq) && (room.pinners.get(newest.seq) ?? true), me);
  }

  /** Looks a view up by message, for messages that moved, for example because an older page was put before them. */
  private cachedView(room: string, message: LoggedMessage, pinned: Pin, me: Person | null): MessageView {
    const cached = this.messages.get(message);
    if (cached !== undefined && cached.pinned === pinned && cached.me === (me?.id ?? "")) return cached.view;
    const view = messageView(room, message, pinned, me, []);
    this.messages.set(message, { pinned, me: me?.id ?? "", view });
    return view;
  }
}

/** Returns the logged messages that are shown: a segment that was jumped to, or the newest ones. */
function shownOf(room: Room): readonly LoggedMessage[] {
  return (room.distant ?? room).messages;
}

function isIn(member: { readonly state: string }): boolean {
  return member.state === "joined" || member.state === "invited";
}

function lastAt(messages: readonly MessageView[], listed: string | null): string | null {
  const last = messages[messages.length - 1]?.at ?? null;
  return last !== null && (listed === null || last > listed) ? last : listed;
}

/** Returns whether a change is unconfirmed. An acked change is not, though it is drawn until its event arrives. */
function isOpen(item: OutboxItem): boolean {
  return item.seq === null;
}

function groupByRoom(
  items: readonly OutboxItem[],
  last: ReadonlyMap<string, readonly OutboxItem[]>,
): Map<string, readonly OutboxItem[]> {
  const groups = new Map<string, OutboxItem[]>();
  for (const item of items) {
    const group = groups.get(item.room);
    if (group === undefined) groups.set(item.room, [item]);
    else group.push(item);
  }
  const kept = new Map<string, readonly OutboxItem[]>();
  for (const [room, group] of groups) {
    const before = last.get(room);
    const same = before !== undefined && before.length === group.length && group.every((item, i) => before[i] === item);
    kept.set(room, same ? before : group);
  }
  return kept;
}

