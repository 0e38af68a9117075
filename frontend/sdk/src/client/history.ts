/** Owns loading what the logs do not bring: older messages, members, a room's page. */
import { PalaverError } from "../errors.ts";
import type { Event, MemberView as WireMember, MessagePage } from "../generated/wire.ts";
import type { Host } from "../host/host.ts";
import type { PageQuery } from "../rest/messages.ts";
import type { Rest } from "../rest/rest.ts";
import type { DistantPage } from "../state/distant.ts";
import { fromBody } from "../state/message.ts";
import { messageView } from "../state/message-view.ts";
import type { Room } from "../state/model.ts";
import { acceptsPage, type HistoryPage } from "../state/pages.ts";
import type { Failure, LinkedMessage, MessageView, OpenOptions, RoomId } from "../types.ts";
import type { MessageEntry } from "../wire.ts";
import type { Store } from "./store.ts";

const PAGE = 50;
/**
 * Messages of a page around a linked one, and the entries after that message which the page may contain. They fill a window on
 * both sides, so that nothing more is loaded at once; the page is longer than what follows, so that the message is on it.
 */
const AROUND_PAGE = 160;
const AROUND_AFTER = 80;
/** How long the log's first answer may take, which a page has to wait for. */
const LOG_ANSWERS_MS = 10_000;
/** Maximum number of pages that one `loadUntil` requests. */
const UNTIL_PAGES = 40;
const UNTIL_PAGE = 200;
/** Maximum number of member pages; a room with more members is too large to list. */
const MEMBER_PAGES = 10;
/** Number of rooms that are reloaded automatically after a reset. */
const OPEN_ROOMS = 5;
/** Messages kept for a room that is not open, once it holds twice as many. */
const UNSEEN_MESSAGES = 300;

export class History {
  private readonly store: Store;
  private readonly rest: Rest;
  private readonly host: Host;
  private readonly loading = new Map<RoomId, Promise<void>>();
  private readonly infos = new Map<RoomId, Promise<void>>();
  private opened: RoomId[] = [];
  /** Rooms whose newest page nobody needs yet: a linked message is about to be shown. */
  private readonly withoutNewest = new Set<RoomId>();

  constructor(
    store: Store,
    rest: Rest,
    host: Host,
  ) {
    this.store = store;
    this.rest = rest;
    this.host = host;
  }

  async open(id: RoomId, { newest = true }: OpenOptions = {}): Promise<void> {
    if (!newest) this.withoutNewest.add(id);
    else this.leaveDistant(id);
    this.opened = [id, ...this.opened.filter((other) => other !== id)].slice(0, OPEN_ROOMS);
    await this.ensure(id);
  }

  /** Reloads the open rooms after a reset or a reconnect, if their messages were dropped. */
  refresh(): void {
    for (const id of this.opened) this.ensure(id).catch(() => undefined);
  }

  /** Evicts messages of rooms that are not open, so that a day of chat in a hundred rooms does not fill the memory. */
  trim(): void {
    for (const room of this.store.core.rooms.values()) {
      if (room.messages.length > 2 * UNSEEN_MESSAGES && !this.opened.includes(room.id)) {
        this.store.dispatch({ type: "trim", room: room.id, newest: UNSEEN_MESSAGES });
      }
    }
  }

  older(id: RoomId): Promise<void> {
    const room = this.store.core.rooms.get(id);
    if (room === undefined) return Promise.resolve();
    const { distant } = room;
    if (distant !== null) {
      const before = distant.messages[0]?.seq;
      if (distant.complete || before === undefined) return Promise.resolve();
      return this.alone(id, () => this.distantPage(id, "older", { before, limit: PAGE }));
    }
    if (room.loaded && room.complete) return Promise.resolve();
    return this.page(id, room.loaded ? room.messages[0]?.seq : undefined, PAGE);
  }

  newer(id: RoomId): Promise<void> {
    const distant = this.store.core.rooms.get(id)?.distant ?? null;
    if (distant === null) return Promise.resolve();
    return this.alone(id, () => this.distantPage(id, "newer", { after: distant.until, limit: PAGE }));
  }

  /** Leaves the messages around a linked one. */
  async newest(id: RoomId): Promise<void> {
    this.leaveDistant(id);
    await this.ensure(id);
  }

  private leaveDistant(id: RoomId): void {
    this.withoutNewest.delete(id);
    this.store.dispatch({ type: "distant_left", room: id });
  }

  async around(id: RoomId, seq: number): Promise<LinkedMessage> {
    // A page that arrives before the log's first answer would be dropped by the reset.
    const answered = await this.store.when((core) => core.rooms.get(id)?.log.cursor !== null, LOG_ANSWERS_MS, this.host);
    if (!answered) throw new PalaverError("network", "The server does not answer. Try again.");
    while (this.loading.has(id)) await this.loading.get(id)?.catch(() => undefined);
    const known = this.held(id, seq);
    if (known !== null) return known;

    let linked: LinkedMessage = "missing";
    await this.alone(id, async () => {
      this.store.dispatch({ type: "loading", room: id });
      try {
        linked = await this.linked(id, seq);
      } finally {
        this.store.dispatch({ type: "page_unused", room: id });
      }
    });
    this.withoutNewest.delete(id);
    return linked;
  }

  async after(id: RoomId, seq: number): Promise<MessageView | null> {
    const answer = await this.rest.messages.page(id, { after: seq, limit: 1 });
    const event = answer.items.find(isMessage);
    return event === undefined ? null : this.viewOf(id, event);
  }

  async until(id: RoomId, seq: number): Promise<boolean> {
    for (let pages = 0; pages < UNTIL_PAGES; pages++) {
      const room = this.store.core.rooms.get(id);
      if (room === undefined) return false;
      const first = room.messages[0];
      if (room.loaded && (room.complete || (first !== undefined && first.seq <= seq))) break;
      await this.page(id, room.loaded ? first?.seq : undefined, UNTIL_PAGE);
      if (this.store.core.rooms.get(id)?.loadFailure != null) break;
    }
    return this.store.core.rooms.get(id)?.messages.some((message) => message.seq === seq) ?? false;
  }

  async one(id: RoomId, seq: number): Promise<MessageView | null> {
    const held = this.store.view().rooms.get(id)?.messages.find((message) => message.seq === seq);
    if (held !== undefined) return held;
    try {
      const event = await this.rest.messages.one(id, seq);
      return event.kind === "message" ? this.viewOf(id, event) : null;
    } catch (error) {
      if (error instanceof PalaverError && (error.code === "not_found" || error.code === "forbidden")) return null;
      throw error;
    }
  }

  async thread(id: RoomId, seq: number): Promise<readonly MessageView[]> {
    const messages: MessageView[] = [];
    let after: number | undefined;
    for (let pages = 0; pages < UNTIL_PAGES; pages++) {
      const page = await this.rest.messages.thread(id, seq, { ...(after === undefined ? {} : { after }), limit: UNTIL_PAGE });
      messages.push(...page.items.filter(isMessage).map((event) => this.viewOf(id, event)));
      after = page.items[page.items.length - 1]?.seq;
      if (!page.more || after === undefined) break;
    }
    return messages;
  }

  /** Loads members, description and pins, which the room list does not have. */
  members(id: RoomId): Promise<void> {
    const under = this.infos.get(id);
    if (under !== undefined) return under;
    const work = this.loadMembers(id).finally(() => this.infos.delete(id));
    this.infos.set(id, work);
    return work;
  }

  private async ensure(id: RoomId): Promise<void> {
    const room = this.store.core.rooms.get(id);
    // A page that arrives before the log's first answer would be dropped by the reset.
    if (room === undefined || room.entry.state !== "joined" || room.log.cursor === null) return;
    const work: Promise<void>[] = [];
    if (!room.loaded && room.distant === null && !this.withoutNewest.has(id)) work.push(this.page(id, undefined, PAGE));
    if (!room.membersLoaded) work.push(this.members(id));
    await Promise.all(work);
  }

  /** Loads one page at a time per room. */
  private page(id: RoomId, before: number | undefined, limit: number): Promise<void> {
    return this.alone(id, () => this.loadPage(id, before, limit));
  }

  /** Does the work, unless other work of the room is under way: that is returned instead. */
  private alone(id: RoomId, work: () => Promise<void>): Promise<void> {
    const under = this.loading.get(id);
    if (under !== undefined) return under;
    const done = work().finally(() => this.loading.delete(id));
    this.loading.set(id, done);
    return done;
  }

  /** Returns what is known of a message that is in memory, and shows the list that it is in. */
  private held(id: RoomId, seq: number): LinkedMessage | null {
    const room = this.store.core.rooms.get(id);
    const distant = room?.distant?.messages.find((message) => message.seq === seq);
    const newest = room?.messages.find((message) => message.seq === seq);
    if (distant === undefined && newest !== undefined) this.store.dispatch({ type: "distant_left", room: id });
    const found = distant ?? newest;
    return found === undefined ? null : found.deleted ? "deleted" : "found";
  }

  /** Requests the page around a message. It is shown if the message is on it. */
  private async linked(id: RoomId, seq: number): Promise<LinkedMessage> {
    const before = seq + 1 + AROUND_AFTER;
    for (let attempt = 1; ; attempt++) {
      const page = await this.request(id, { before, limit: AROUND_PAGE });
      if (page === null) return "missing";
      const { answer, history } = page;
      const target = history.messages.find((message) => message.seq === seq);
      if (target === undefined) return this.whyMissing(id, seq, answer);
      const distant: DistantPage = { ...history, side: "around", until: Math.min(before - 1, answer.as_of) };
      const fits = acceptsPage(this.store.core, distant);
      this.store.dispatch({ type: "distant_page", page: distant });
      if (fits) return target.deleted ? "deleted" : "found";
      if (attempt > 1) throw new PalaverError("stale", "The messages changed while they were loaded. Try again.");
    }
  }

  private async whyMissing(id: RoomId, seq: number, answer: MessagePage): Promise<LinkedMessage> {
    const older = answer.more || answer.items.some((event) => event.seq < seq);
    if (seq > answer.as_of || older) return "missing";
    // Nothing that is as old can be seen: either the user's time in the room began later, or the room's messages did.
    return (await this.rest.rooms.get(id)).hides_past ? "hidden" : "missing";
  }

  private async distantPage(id: RoomId, side: "older" | "newer", query: PageQuery): Promise<void> {
    this.store.dispatch({ type: "loading", room: id });
    try {
      const page = await this.request(id, query);
      if (page === null) return;
      const { answer, history } = page;
      const last = history.messages[history.messages.length - 1]?.seq ?? 0;
      const until = answer.more ? last : Math.max(last, answer.as_of);
      this.store.dispatch({ type: "distant_page", page: { ...history, side, until } });
    } catch (error) {
      this.store.dispatch({ type: "load_failed", room: id, failure: failureOf(error) });
      throw error;
    }
  }

  /** Requests a page. Returns null for a room that is not known any more. */
  private async request(id: RoomId, query: PageQuery): Promise<{ answer: MessagePage; history: HistoryPage } | null> {
    const room = this.store.core.rooms.get(id);
    if (room === undefined) return null;
    const minSeq = Math.max(this.store.core.lastAck.get(id) ?? 0, room.floor);
    const answer = await this.rest.messages.page(id, { ...query, minSeq });
    const history: HistoryPage = {
      room: id,
      generation: room.generation,
      epoch: answer.epoch,
      asOf: answer.as_of,
      messages: answer.items.filter(isMessage),
      first: !answer.more,
    };
    return { answer, history };
  }

  private async loadPage(id: RoomId, before: number | undefined, limit: number): Promise<void> {
    const room = this.store.core.rooms.get(id);
    if (room === undefined) return;
    this.store.dispatch({ type: "loading", room: id });
    try {
      const page = await this.request(id, { ...(before === undefined ? {} : { before }), limit });
      if (page === null) return;
      const fits = acceptsPage(this.store.core, page.history);
      this.store.dispatch({ type: "page", page: page.history });
      if (!fits) this.again(id, room);
    } catch (error) {
      this.store.dispatch({ type: "load_failed", room: id, failure: failureOf(error) });
      throw error;
    }
  }

  /** Reloads an open room whose log was reset while the page was in flight: that page was thrown away. */
  private again(id: RoomId, asked: Room): void {
    const now = this.store.core.rooms.get(id);
    if (now !== undefined && now.generation !== asked.generation && this.opened.includes(id)) {
      queueMicrotask(() => this.ensure(id).catch(() => undefined));
    }
  }

  private async loadMembers(id: RoomId): Promise<void> {
    const info = await this.rest.rooms.get(id);
    const list: WireMember[] = [];
    let after: string | undefined;
    for (let pages = 0; pages < MEMBER_PAGES; pages++) {
      const page = await this.rest.rooms.members(id, after, 100);
      list.push(...page.items);
      if (page.next === null) break;
      after = page.next;
    }
    const { description, archived, pins, slow_mode_s: slowModeSeconds } = info;
    this.store.dispatch({ type: "room_info", room: id, info: { description, archived, pins, slowModeSeconds } });
    const members = list.map(({ user, state, role, muted_until, at_seq }) => ({ user, state, role, mutedUntil: muted_until, seq: at_seq }));
    this.store.dispatch({ type: "members", room: id, members });
  }

  private viewOf(id: RoomId, event: MessageEntry): MessageView {
    const { me, rooms } = this.store.core;
    return messageView(id, fromBody(event), rooms.get(id)?.pins.includes(event.seq) ?? false, me, []);
  }
}

function failureOf(error: unknown): Failure {
  if (error instanceof PalaverError) return { code: error.code, message: error.message };
  return { code: "network", message: "The messages could not be loaded. Try again." };
}

function isMessage(event: Event): event is MessageEntry {
  return event.kind === "message";
}
