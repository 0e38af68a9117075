/** Owns loading what the logs do not bring: older messages, members, a room's page. */
import { PalaverError } from "../errors.js";
import type { Event, MemberView as WireMember } from "../generated/wire.js";
import type { Rest } from "../rest/rest.js";
import { fromBody } from "../state/message.js";
import { messageView } from "../state/message-view.js";
import type { Room } from "../state/model.js";
import { acceptsPage, type HistoryPage } from "../state/pages.js";
import type { Failure, MessageView, RoomId } from "../types.js";
import type { MessageEntry } from "../wire.js";
import type { Store } from "./store.js";

const PAGE = 50;
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
  private readonly loading = new Map<RoomId, Promise<void>>();
  private readonly infos = new Map<RoomId, Promise<void>>();
  private opened: RoomId[] = [];

  constructor(
    private readonly store: Store,
    private readonly rest: Rest,
  ) {}

  async open(id: RoomId): Promise<void> {
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
    if (room === undefined || (room.loaded && room.complete)) return Promise.resolve();
    return this.page(id, room.loaded ? room.messages[0]?.seq : undefined, PAGE);
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
    if (!room.loaded) work.push(this.page(id, undefined, PAGE));
    if (!room.membersLoaded) work.push(this.members(id));
    await Promise.all(work);
  }

  /** Loads one page at a time per room. */
  private page(id: RoomId, before: number | undefined, limit: number): Promise<void> {
    const under = this.loading.get(id);
    if (under !== undefined) return under;
    const work = this.loadPage(id, before, limit).finally(() => this.loading.delete(id));
    this.loading.set(id, work);
    return work;
  }

  private async loadPage(id: RoomId, before: number | undefined, limit: number): Promise<void> {
    const room = this.store.core.rooms.get(id);
    if (room === undefined) return;
    this.store.dispatch({ type: "loading", room: id });
    try {
      const minSeq = Math.max(this.store.core.lastAck.get(id) ?? 0, room.floor);
      const answer = await this.rest.messages.page(id, { ...(before === undefined ? {} : { before }), limit, minSeq });
      const page: HistoryPage = {
        room: id,
        generation: room.generation,
        epoch: answer.epoch,
        asOf: answer.as_of,
        messages: answer.items.filter(isMessage),
        first: !answer.more,
      };
      const fits = acceptsPage(this.store.core, page);
      this.store.dispatch({ type: "page", page });
      if (!fits) this.again(id, room);
    } catch (error) {
      const failure: Failure =
        error instanceof PalaverError
          ? { code: error.code, message: error.message }
          : { code: "network", message: "The messages could not be loaded. Try again." };
      this.store.dispatch({ type: "load_failed", room: id, failure });
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

function isMessage(event: Event): event is MessageEntry {
  return event.kind === "message";
}
