/**
 * Owns the socket: opening, signing in, heartbeats, disconnects and reconnects. Passes frames on and never looks at rooms; the
 * caller decides what to request after a welcome.
 */
import type { Host, Socket, Timer } from "../host/host.ts";
import type { ConnectionView, Trouble } from "../types.ts";
import type { ClientFrame, ServerFrame, UnknownFrame, WelcomeFrame } from "../wire.ts";
import { CLOSE_CREDENTIALS, CLOSE_TOKEN, backOff, isFinal } from "./back-off.ts";

export const PROTOCOL_VERSION = 1;
/** Maximum time from opening the socket to the welcome. */
const OPEN_TIMEOUT_MS = 10_000;
/** Maximum time until our ping is answered; after that the socket counts as dead, even though it was never closed. */
const PONG_TIMEOUT_MS = 5_000;
/** So many sockets in a row must fail to open before that counts as trouble that will not pass. */
const UNOPENED_IS_TROUBLE = 3;
/** A connection that lasted this long resets the backoff. */
const STABLE_MS = 10_000;

export interface ConnectionDeps {
  readonly host: Host;
  /**
   * Returns the URL and the token to connect with; without a token the URL carries a ticket. Rejects when there is no session.
   */
  readonly endpoint: () => Promise<{ url: string; token: string | null }>;
  /** Returns another token than the one the socket used. */
  readonly renewToken: (refused: string | null) => Promise<string>;
  readonly epoch: () => string | null;
  readonly newId: () => string;
  /** Receives the frames of one delivery, in order. */
  readonly onFrames: (frames: readonly ServerFrame[]) => void;
  readonly onStatus: (change: Partial<ConnectionView>) => void;
  /** Called when the socket has closed, for whatever reason. */
  readonly onClosed: () => void;
  /** Called when the session has ended (`endpoint` or `renewToken` said so, or the server closed with 4501). */
  readonly onSignedOut: () => void;
  readonly isSignedOut: (error: unknown) => boolean;
  /** Finds out why a socket could not be opened although the network works: a browser does not tell. */
  readonly diagnose: () => Promise<Trouble | null>;
}

export class Connection {
  private readonly deps: ConnectionDeps;
  private socket: Socket | null = null;
  /** Identifies the current attempt, so that late events of an earlier one are ignored. */
  private opening: object | null = null;
  private token: string | null = null;
  private running = false;
  private attempt = 0;
  private welcomed = false;
  private welcomedAt = 0;
  /** Sockets in a row that did not even open. */
  private unopened = 0;
  private diagnosing = false;
  private heartbeatMs = 25_000;
  private lastFrameAt = 0;
  private ping: { id: string; at: number } | null = null;
  private timers = new Map<"open" | "silence" | "pong" | "retry" | "goaway", Timer>();

  constructor(deps: ConnectionDeps) {
    this.deps = deps;
  }

  start(): void {
    if (this.running) return;
    this.running = true;
    this.attempt = 0;
    this.deps.onStatus({ status: "connecting", downSince: this.deps.host.now(), attempt: 0, closeCode: null, retryAt: null });
    void this.open();
  }

  stop(): void {
    this.running = false;
    this.drop(1000);
    this.clearTimers();
    this.unopened = 0;
    this.deps.onStatus({ status: "offline", retryAt: null, downSince: null, trouble: null });
  }

  /** Returns whether frames may be sent: the socket is open and signed in. */
  get isOpen(): boolean {
    return this.welcomed && this.socket !== null;
  }

  send(frame: ClientFrame): boolean {
    if (!this.isOpen) return false;
    this.write(frame);
    return true;
  }

  /** Skips the backoff; also reconnects after a refusal. */
  reconnectNow(): void {
    if (!this.running) return this.start();
    if (!this.timers.has("retry")) return;
    this.clear("retry");
    void this.open();
  }

  /** Replaces this socket with a new one immediately. */
  reopen(code = 1000): void {
    if (!this.running || this.socket === null) return;
    this.drop(code);
    this.attempt = 0;
    void this.open();
  }

  /** Called when the page is shown again or the network is back: reconnects a waiting client, and pings an open socket. */
  wake(): void {
    if (!this.running) return;
    if (this.timers.has("retry")) this.reconnectNow();
    else if (this.isOpen) this.probe();
  }

  /** Sends a new token on the open socket, so that it need not be reopened. */
  authenticate(token: string): void {
    this.token = token;
    this.send({ t: "auth", id: this.deps.newId(), token });
  }

  get currentToken(): string | null {
    return this.token;
  }

  private async open(): Promise<void> {
    const { deps } = this;
    if (!this.running || this.socket !== null || this.timers.has("open")) return;
    // This timeout covers the token as well: a request that hangs must not keep the client from retrying.
    const attempt = {};
    this.opening = attempt;
    this.set("open", OPEN_TIMEOUT_MS, () => this.closed(0, attempt));
    deps.onStatus({ status: "connecting", retryAt: null });
    let endpoint: { url: string; token: string | null };
    try {
      endpoint = await deps.endpoint();
    } catch (error) {
      if (this.opening !== attempt || !this.running) return;
      if (deps.isSignedOut(error)) {
        this.refuse(null);
        deps.onSignedOut();
      } else {
        this.closed(0, attempt);
      }
      return;
    }
    if (this.opening !== attempt || !this.running) return;
    this.token = endpoint.token;
    let socket: Socket;
    try {
      socket = deps.host.openSocket(endpoint.url);
    } catch {
      this.closed(0, attempt);
      return;
    }
    this.socket = socket;
    this.unopened += 1;
    socket.onopen = () => {
      if (this.socket !== socket) return;
      this.unopened = 0;
      const epoch = deps.epoch();
      this.write({
        t: "hello",
        v: PROTOCOL_VERSION,
        ...(endpoint.token === null ? {} : { token: endpoint.token }),
        ...(epoch === null ? {} : { epoch }),
        caps: [],
        batch: true,
      });
    };
    socket.onmessage = (event: { readonly data: unknown }) => {
      if (this.socket === socket) this.received(event.data);
    };
    socket.onerror = () => undefined; // `onclose` follows and says more.
    socket.onclose = (event: { readonly code: number }) => {
      if (this.socket === socket) this.closed(event.code, attempt);
    };
  }

  private received(data: unknown): void {
    if (typeof data !== "string") return;
    let parsed: unknown;
    try {
      parsed = JSON.parse(data);
    } catch {
      return; // Not a frame of this protocol; the heartbeat shows whether the socket still works.
    }
    this.lastFrameAt = this.deps.host.now();
    const frames = (Array.isArray(parsed) ? parsed : [parsed]).filter(isFrame) as ServerFrame[];
    for (const frame of frames) this.control(frame);
    if (frames.length > 0) this.deps.onFrames(frames);
  }

  /** Handles the frames that concern the connection itself. */
  private control(frame: ServerFrame): void {
    switch (frame.t) {
      case "welcome":
        return this.onWelcome(frame);
      case "ping":
        this.write({ t: "pong" });
        return;
      case "pong":
        if (this.ping !== null && frame.id === this.ping.id) {
          this.deps.onStatus({ latencyMs: this.deps.host.now() - this.ping.at });
          this.ping = null;
          this.clear("pong");
        }
        return;
      case "expiring":
        void this.renew();
        return;
      case "goaway":
        // The node is draining: it says when to leave, so that its clients do not all reconnect elsewhere at once.
        this.set("goaway", frame.delay_ms, () => this.reopen());
        return;
      default:
        return;
    }
  }

  private onWelcome(frame: WelcomeFrame): void {
    this.clear("open");
    this.welcomed = true;
    this.welcomedAt = this.deps.host.now();
    this.heartbeatMs = frame.heartbeat_ms;
    this.deps.onStatus({ status: "syncing", node: frame.node, online: frame.online, closeCode: null, retryAt: null, trouble: null });
    this.watchSilence();
  }

  /**
   * Closes the socket after a silence of twice the heartbeat: a socket may hang without ever being closed. Before that the
   * client pings the server, because an API Gateway has no timer that could ping the client.
   */
  private watchSilence(): void {
    this.set("silence", this.heartbeatMs / 2, () => {
      const silent = this.deps.host.now() - this.lastFrameAt;
      if (silent >= 2 * this.heartbeatMs) {
        this.drop(4000);
        this.retry(0);
        return;
      }
      if (silent >= 1.5 * this.heartbeatMs) this.write({ t: "ping", id: this.deps.newId() });
      this.watchSilence();
    });
  }

  private probe(): void {
    if (this.ping !== null) return;
    this.ping = { id: this.deps.newId(), at: this.deps.host.now() };
    this.write({ t: "ping", id: this.ping.id });
    this.set("pong", PONG_TIMEOUT_MS, () => this.reopen(4000));
  }

  private async renew(): Promise<void> {
    const { socket } = this;
    try {
      const token = await this.deps.renewToken(this.token);
      if (this.socket === socket) this.authenticate(token);
    } catch {
      // The server closes with 4401 when the token expires; the next attempt requests a new one.
    }
  }

  /** Handles a closed socket, or an attempt `opening` that failed. */
  private closed(code: number, opening: object): void {
    if (this.opening !== opening) return;
    this.drop(1000);
    if (!this.running) return;
    if (code === CLOSE_CREDENTIALS) {
      this.refuse(code);
      this.deps.onSignedOut();
    } else if (isFinal(code)) {
      this.refuse(code);
    } else if (code === CLOSE_TOKEN && this.token !== null) {
      const refused = this.token;
      // The token was refused, so renew it before opening a socket. If that fails, the next attempt shows it.
      void this.deps.renewToken(refused).catch(() => undefined);
      this.retry(code);
    } else {
      if (this.unopened > 0) void this.diagnose();
      this.retry(code);
    }
  }

  /** Asks why sockets do not open. The attempts go on: an operator may mend it at any time. */
  private async diagnose(): Promise<void> {
    if (this.diagnosing) return;
    this.diagnosing = true;
    const trouble = await this.deps.diagnose().catch(() => null);
    this.diagnosing = false;
    // A server that is starting or full opens no sockets for a moment, either.
    const isSure = trouble !== null && (trouble.kind !== "socket" || this.unopened >= UNOPENED_IS_TROUBLE);
    if (this.running && this.unopened > 0 && (isSure || trouble === null)) this.deps.onStatus({ trouble });
  }

  private refuse(code: number | null): void {
    this.running = false;
    this.drop(1000);
    this.clearTimers();
    this.deps.onStatus({ status: "refused", closeCode: code, retryAt: null });
  }

  private retry(code: number): void {
    if (!this.running) return;
    const { host } = this.deps;
    if (this.welcomedAt !== 0 && host.now() - this.welcomedAt >= STABLE_MS) this.attempt = 0;
    this.welcomedAt = 0;
    this.attempt += 1;
    const wait = backOff(this.attempt, () => host.random());
    this.deps.onStatus({ status: "waiting", attempt: this.attempt, retryAt: host.now() + wait, closeCode: code === 0 ? null : code });
    this.set("retry", wait, () => void this.open());
  }

  /** Drops the socket without waiting for it: a hung socket never closes. */
  private drop(code: number): void {
    const { socket } = this;
    this.opening = null;
    this.socket = null;
    this.ping = null;
    for (const name of ["open", "silence", "pong", "goaway"] as const) this.clear(name);
    if (socket === null) return;
    socket.onopen = null;
    socket.onmessage = null;
    socket.onclose = null;
    socket.onerror = () => undefined;
    try {
      socket.close(code);
    } catch {
      // Some sockets cannot be closed before they are open; this one has no listeners any more.
    }
    if (this.welcomed) this.deps.onStatus({ downSince: this.deps.host.now() });
    this.welcomed = false;
    this.deps.onClosed();
  }

  private write(frame: ClientFrame): void {
    try {
      this.socket?.send(JSON.stringify(frame));
    } catch {
      // The socket is closing: `onclose` follows, and changes are retried.
    }
  }

  private set(name: "open" | "silence" | "pong" | "retry" | "goaway", ms: number, run: () => void): void {
    this.clear(name);
    const timer = this.deps.host.setTimer(() => {
      this.timers.delete(name);
      run();
    }, ms);
    this.timers.set(name, timer);
  }

  private clear(name: "open" | "silence" | "pong" | "retry" | "goaway"): void {
    const timer = this.timers.get(name);
    if (timer === undefined) return;
    this.deps.host.clearTimer(timer);
    this.timers.delete(name);
  }

  private clearTimers(): void {
    for (const name of [...this.timers.keys()]) this.clear(name);
  }
}

function isFrame(value: unknown): value is UnknownFrame {
  return typeof value === "object" && value !== null && typeof (value as UnknownFrame).t === "string";
}
