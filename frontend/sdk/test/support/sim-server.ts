/**
 * Owns a small server for simulations: logs, dedup, membership, user logs, replay and live delivery as the protocol defines
 * them, and the faults that it allows: lost answers, disconnects, lost events, late pages, restored backups. It does not model
 * the server's internals; `crates` have tests for those.
 */
import type { Event, MessagePage, OwnEvent, RoomEntry, UserSelf } from "../../src/generated/wire.ts";
import type { ChangeFrame, ClientFrame, MessageEntry, ServerFrame, SyncFrame } from "../../src/wire.ts";
import { AT } from "./frames.ts";
import type { Answer, FakeRequest, Clock, FakeHost, FakeSocket } from "./fake-host.ts";

const PAGE = 6;
const REPLAY_MAX = 40;

interface Conn {
  readonly socket: FakeSocket;
  readonly user: UserSelf;
  /** The next entry to deliver, for each live log. */
  readonly live: Map<string, number>;
  readonly namedHeads: Map<string, number>;
  open: boolean;
  toClient: number;
  toServer: number;
}

interface Log {
  entries: (Event | OwnEvent)[];
}

export interface Faults {
  lostAnswer: number;
  unavailable: number;
  lostEvent: number;
}

export class SimServer {
  epoch = 1;
  faults: Faults = { lostAnswer: 0, unavailable: 0, lostEvent: 0 };
  readonly logs = new Map<string, Log>();
  /** `user:room` → the row that the room list is made of. */
  readonly rows = new Map<string, { joined: boolean; atSeq: number; read: number; readN: number }>();
  private readonly conns = new Set<Conn>();

  private readonly clock: Clock;
  readonly random: () => number;
  private readonly roomIds: readonly string[];

  constructor(clock: Clock, random: () => number, roomIds: readonly string[], users: readonly UserSelf[]) {
    this.clock = clock;
    this.random = random;
    this.roomIds = roomIds;
    for (const id of roomIds) this.logs.set(id, { entries: [] });
    for (const user of users) {
      this.logs.set(`@${user.id}`, { entries: [] });
      for (const room of roomIds) this.member(room, user, "joined");
    }
    this.beat();
  }

  // ---- what the test does

  join(host: FakeHost, user: UserSelf): void {
    host.answers.set("POST /api/auth/refresh", () => ({ body: { access_token: `token of ${user.id}`, expires_in: 9_000, user } }));
    host.answers.set("GET /api/notifications/me", () => ({ body: { items: [], next: null } }));
    host.answers.set("GET /api/notifications/me/unread-count", () => ({ body: { unread: 0 } }));
    for (const room of this.roomIds) {
      host.answers.set(`GET /api/rooms/${room}`, () => ({ body: { description: "", archived: false, pins: [], slow_mode_s: 0 } }));
      host.answers.set(`GET /api/rooms/${room}/members`, () => ({ body: { items: [], next: null } }));
      host.answers.set(`GET /api/rooms/${room}/messages`, (asked) => this.history(room, user, asked));
    }
    const open = host.openSocket;
    host.openSocket = (url) => this.accept(open(url), user);
  }

  breakOne(): void {
    const open = [...this.conns].filter((conn) => conn.open);
    const conn = open[Math.floor(this.random() * open.length)];
    if (conn !== undefined) this.close(conn, 1006);
  }

  breakAll(code: number): void {
    for (const conn of this.conns) this.close(conn, code);
  }

  kick(room: string, user: UserSelf): void {
    if (this.row(user, room).joined) this.member(room, user, "kicked");
  }

  invite(room: string, user: UserSelf): void {
    if (!this.row(user, room).joined) this.member(room, user, "joined");
  }

  backup(): () => void {
    const logs = [...this.logs].map(([id, log]) => [id, [...log.entries]] as const);
    const rows = structuredClone([...this.rows]);
    return () => {
      this.epoch += 1;
      for (const [id, entries] of logs) this.logs.get(id)!.entries = [...entries];
      this.rows.clear();
      for (const [key, row] of rows) this.rows.set(key, row);
      this.breakAll(4412);
    };
  }

  /** Returns the messages of a room, folded from the log up to `upTo`. */
  fold(room: string, upTo = Number.POSITIVE_INFINITY): Map<number, MessageEntry> {
    const messages = new Map<number, MessageEntry>();
    for (const event of this.entries(room)) {
      if (event.seq > upTo) break;
      if (event.kind === "message") messages.set(event.seq, structuredClone(event));
      else if (event.kind === "edit" || event.kind === "delete" || event.kind === "react") {
        const message = messages.get(event.target)!;
        if (message.deleted) continue;
        message.rev = event.seq;
        if (event.kind === "edit") Object.assign(message, { text: event.text, edited_at: AT });
        else if (event.kind === "delete") Object.assign(message, { text: "", deleted: true, reactions: [] });
        else {
          const users = (message.reactions.find((reaction) => reaction.emoji === event.emoji)?.users ?? []).filter((id) => id !== event.by.id);
          if (event.on) users.push(event.by.id);
          message.reactions = message.reactions.filter((reaction) => reaction.emoji !== event.emoji);
          if (users.length > 0) message.reactions.push({ emoji: event.emoji, n: users.length, users });
        }
      }
    }
    return messages;
  }

  head(log: string): number {
    return this.logs.get(log)?.entries.length ?? 0;
  }

  n(room: string): number {
    return this.entries(room).filter((event) => event.kind === "message").length;
  }

  row(user: UserSelf, room: string) {
    return this.rows.get(`${user.id}:${room}`)!;
  }

  entries(room: string): Event[] {
    return this.logs.get(room)!.entries as Event[];
  }

  // ---- appending

  private member(room: string, user: UserSelf, state: "joined" | "kicked" | "left", id = `m${this.random()}`): number {
    const by = state === "kicked" ? { id: "u-admin", name: "admin" } : { id: user.id, name: user.name };
    const seq = this.append(room, { ...this.entryHead(room, by, id), kind: "member", user: { id: user.id, name: user.name }, state, role: "member" } as Event);
    const key = `${user.id}:${room}`;
    const before = this.rows.get(key);
    this.rows.set(key, { joined: state === "joined", atSeq: seq, read: before?.read ?? 0, readN: before?.readN ?? 0 });
    const own = `@${user.id}`;
    const change = state === "joined" ? { op: "set", entry: this.entryOf(user, room) } : { op: "gone", entry: { id: room, at_seq: seq, why: state } };
    const epoch = this.epoch;
    // The feed appends it a moment later.
    this.clock.setTimer(
      () => {
        if (epoch !== this.epoch) return;
        this.append(own, { room: "@me", seq: this.head(own) + 1, at: AT, id: `o${this.random()}`, kind: "room", ...change } as OwnEvent);
      },
      this.random() * 300,
    );
    return seq;
  }

  private entryHead(room: string, by: { id: string; name: string }, id: string) {
    return { room, seq: this.head(room) + 1, n: this.n(room), by, at: AT, id };
  }

  private append(log: string, entry: Event | OwnEvent): number {
    this.logs.get(log)!.entries.push(entry);
    for (const conn of this.conns) this.deliver(conn, log);
    return entry.seq;
  }

  private deliver(conn: Conn, log: string): void {
    const own = log === `@${conn.user.id}`;
    const name = own ? "@me" : log;
    const at = conn.live.get(name);
    if (!conn.open || at === undefined || (log.startsWith("@") && !own)) return;
    for (const entry of this.logs.get(log)!.entries.slice(at)) {
      conn.live.set(name, entry.seq);
      if (this.random() >= this.faults.lostEvent) this.tell(conn, { t: "event", ...entry } as ServerFrame);
      if (entry.kind === "member" && entry.user.id === conn.user.id && entry.state !== "joined") {
        conn.live.delete(name);
        return;
      }
    }
  }

  /** Decides a change as the appender does: known id, late copy, rules. */
  private change(conn: Conn, frame: ChangeFrame): void {
    const { user } = conn;
    const id = frame.id;
    const refuse = (code: string, retry_ms?: number): void =>
      this.tell(conn, { t: "error", id, of: frame.t, room: frame.room, code, message: code, ...(retry_ms === undefined ? {} : { retry_ms }) });
    if (this.random() < this.faults.unavailable) return refuse("unavailable", 200);
    const seen = frame.seen ?? this.head(frame.room);
    if (seen > this.head(frame.room)) return refuse("stale");
    const after = this.entries(frame.room).slice(seen).filter((event) => event.by.id === user.id);
    const known = after.find((event) => event.id === id);
    const ack = (seq: number | null, dup = false) => this.tell(conn, { t: "ack", id, room: frame.room, seq, at: AT, dup, noop: seq === null });
    if (known !== undefined) return ack(known.seq, true);
    if (after.some((event) => event.id.slice(19) === id.slice(19) && event.id > id)) return refuse("stale");
    const { joined } = this.row(user, frame.room);
    if (frame.t === "join") {
      if (joined) return ack(null);
      ack(this.member(frame.room, user, "joined", id));
    } else if (!joined) return refuse("forbidden");
    else if (frame.t === "leave") ack(this.member(frame.room, user, "left", id));
    else {
      const by = { id: user.id, name: user.name };
      const head = this.entryHead(frame.room, by, id);
      if (frame.t === "send") {
        const message = { ...head, n: head.n + 1, kind: "message", text: frame.text, mentions: [], reply_to: null, thread: null, files: [] };
        ack(this.append(frame.room, { ...message, rev: head.seq, edited_at: null, deleted: false, reactions: [] } as Event));
      } else {
        const target = this.fold(frame.room).get(frame.target);
        if (target === undefined) return refuse("not_found");
        if (frame.t !== "react" && target.by.id !== user.id) return refuse("forbidden");
        if (target.deleted) return frame.t === "delete" ? ack(null) : refuse(frame.t === "react" ? "not_found" : "conflict");
        if (frame.t === "react") {
          const has = target.reactions.some((reaction) => reaction.emoji === frame.emoji && reaction.users.includes(user.id));
          if (has === frame.on) return ack(null);
        }
        const { t: kind, seen: _, ...rest } = frame;
        ack(this.append(frame.room, { ...rest, ...head, kind } as Event));
      }
    }
    if (this.random() < this.faults.lostAnswer) this.close(conn, 1006);
  }

  // ---- reading

  private entryOf(user: UserSelf, room: string): RoomEntry {
    const { joined, atSeq, read, readN } = this.row(user, room);
    return {
      id: room, slug: room, name: room, kind: "public", with: null, state: joined ? "joined" : "kicked", role: "member", at_seq: atSeq,
      level: "all", hidden: false, head: this.head(room), n: this.n(room), last_at: AT, read, read_n: readN, mentions: [],
    };
  }

  private replay(conn: Conn, re: string, name: string, cursor: number | null): void {
    const log = name === "@me" ? `@${conn.user.id}` : name;
    const head = this.head(log);
    const answer = (status: SyncFrame["status"], rest: Partial<SyncFrame> = {}) =>
      this.tell(conn, { t: "sync", re, room: name, status, epoch: `e${this.epoch}`, as_of: head, events: [], ...rest } as ServerFrame);
    conn.live.delete(name);
    const page = (to: number): Event[] => {
      const folded = name === "@me" ? null : this.fold(name);
      return (this.logs.get(log)!.entries as Event[]).slice(cursor ?? 0, to).map((event) => {
        // Reads return the current text: the text of an edit is only in the message.
        if (event.kind === "message") return folded?.get(event.seq) ?? event;
        return event.kind === "edit" ? { ...event, text: folded?.get(event.target)?.text ?? "" } : event;
      });
    };
    if (name !== "@me" && !this.row(conn.user, name).joined) {
      const end = this.row(conn.user, name).atSeq;
      const to = cursor === null || cursor > end ? 0 : Math.min(end, cursor + PAGE);
      const events = to === 0 ? [] : page(to);
      return answer(to !== 0 && to < end ? "more" : "forbidden", { events });
    }
    if (cursor === null || cursor > head || head - cursor > REPLAY_MAX) {
      conn.live.set(name, head);
      return answer("reset", { head, n: name === "@me" ? 0 : this.n(name) });
    }
    const to = Math.min(head, cursor + PAGE);
    if (to === head) conn.live.set(name, head);
    answer(to === head ? "ok" : "more", { events: page(to), from: cursor + 1, through: to });
  }

  private async history(room: string, user: UserSelf, { query }: FakeRequest): Promise<Answer> {
    if (!this.row(user, room).joined) return { status: 403, body: { code: "forbidden", detail: "" } };
    // A replica may lag, but not behind what the client asks for.
    const asOf = Math.max(Number(query.get("min_seq") ?? 0), this.head(room) - Math.floor(this.random() * 4));
    if (asOf > this.head(room)) return { status: 503, body: { code: "unavailable", detail: "" } };
    const before = Number(query.get("before") ?? Number.POSITIVE_INFINITY);
    const items = [...this.fold(room, asOf).values()].filter((message) => message.seq < before);
    const page: MessagePage = { epoch: `e${this.epoch}`, as_of: asOf, items: items.slice(-5), more: items.length > 5 };
    await new Promise<void>((resolve) => this.clock.setTimer(resolve, this.random() * 800));
    return { body: page };
  }

  // ---- sockets

  private accept(socket: FakeSocket, user: UserSelf): FakeSocket {
    const conn: Conn = { socket, user, live: new Map(), namedHeads: new Map(), open: true, toClient: 0, toServer: 0 };
    this.conns.add(conn);
    const { send, close } = socket;
    socket.send = (data) => {
      send.call(socket, data);
      conn.toServer = Math.max(conn.toServer, this.clock.now + this.random() * 50);
      this.clock.setTimer(() => conn.open && this.receive(conn, JSON.parse(data) as ClientFrame), conn.toServer - this.clock.now);
    };
    socket.close = (code) => {
      conn.open = false;
      this.conns.delete(conn);
      close.call(socket, code);
    };
    this.clock.setTimer(() => socket.opens(), this.random() * 50);
    return socket;
  }

  private receive(conn: Conn, frame: ClientFrame): void {
    switch (frame.t) {
      case "hello": {
        const me = this.head(`@${conn.user.id}`);
        const list = this.roomIds.map((room) => this.entryOf(conn.user, room)).filter((entry) => entry.state === "joined");
        this.tell(conn, {
          t: "welcome", v: 1, conn: "", node: "n1", epoch: `e${this.epoch}`, caps: [], user: conn.user, heartbeat_ms: 25_000, max_frame: 65_536, online: 1,
        });
        this.tell(conn, { t: "rooms", me, rooms: list, more: false });
        return;
      }
      case "resume":
        for (const [log, cursor] of Object.entries(frame.cursors)) this.later(() => this.replay(conn, frame.id, log, cursor));
        return;
      case "fill":
        this.later(() => this.replay(conn, frame.id, frame.room, frame.after));
        return;
      case "read": {
        const row = this.row(conn.user, frame.room);
        if (frame.seq <= row.read || frame.seq > this.head(frame.room)) return;
        row.read = frame.seq;
        row.readN = this.entries(frame.room)[frame.seq - 1]!.n;
        return;
      }
      case "send": case "edit": case "delete": case "react": case "join": case "leave":
        return this.change(conn, frame);
      default:
        return;
    }
  }

  private later(work: () => void): void {
    this.clock.setTimer(work, this.random() * 100);
  }

  private tell(conn: Conn, frame: ServerFrame): void {
    if (!conn.open) return;
    conn.toClient = Math.max(conn.toClient, this.clock.now + this.random() * 50);
    const text = structuredClone(frame);
    this.clock.setTimer(() => conn.open && conn.socket.says(text), conn.toClient - this.clock.now);
  }

  private close(conn: Conn, code: number): void {
    if (!conn.open) return;
    conn.open = false;
    this.conns.delete(conn);
    this.clock.setTimer(() => conn.socket.closes(code), this.random() * 100);
  }

  /** Sends heads with every heartbeat, so that a lost last message is noticed. */
  private beat(): void {
    for (const conn of this.conns) {
      const heads: Record<string, number> = {};
      for (const [log, head] of conn.live) {
        if (conn.namedHeads.get(log) !== head) heads[log] = head;
        conn.namedHeads.set(log, head);
      }
      this.tell(conn, { t: "ping", heads });
    }
    this.clock.setTimer(() => this.beat(), 5_000);
  }
}
