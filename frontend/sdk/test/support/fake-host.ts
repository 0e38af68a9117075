/** Owns a fake host for tests: a clock that the test moves, sockets that the test answers, requests answered from a table. */
import type { DeviceMemory, Host, Locks, Socket } from "../../src/host/host.ts";
import type { ClientFrame, ServerFrame } from "../../src/wire.ts";

interface Planned {
  at: number;
  order: number;
  run: () => void;
}

export class FakeSocket implements Socket {
  onopen: Socket["onopen"] = null;
  onmessage: Socket["onmessage"] = null;
  onclose: Socket["onclose"] = null;
  onerror: Socket["onerror"] = null;
  readonly sent: ClientFrame[] = [];
  closedWith: number | null = null;

  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  send(data: string): void {
    this.sent.push(JSON.parse(data) as ClientFrame);
  }
  close(code = 1000): void {
    this.closedWith = code;
  }

  // ---- what the server does
  opens(): void {
    this.onopen?.(undefined);
  }
  says(...frames: ServerFrame[]): void {
    for (const frame of frames) this.onmessage?.({ data: JSON.stringify(frame) });
  }
  saysTogether(frames: ServerFrame[]): void {
    this.onmessage?.({ data: JSON.stringify(frames) });
  }
  closes(code: number): void {
    this.onclose?.({ code, reason: "" });
  }

  of<T extends ClientFrame["t"]>(t: T): Extract<ClientFrame, { t: T }>[] {
    return this.sent.filter((frame) => frame.t === t) as Extract<ClientFrame, { t: T }>[];
  }
}

export interface FakeRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  readonly body: unknown;
}

export type Answer = { status?: number; body?: unknown };

/** Locks of one origin: two hosts that share them act as two tabs. */
export function fakeLocks(): Locks {
  const queues = new Map<string, Promise<unknown>>();
  const held = new Set<string>();
  return {
    async hold(name, { ifAvailable, signal }, work) {
      if (ifAvailable && held.has(name)) return work(false);
      const before = queues.get(name) ?? Promise.resolve();
      let release!: () => void;
      const mine = new Promise<void>((resolve) => {
        release = resolve;
      });
      queues.set(name, before.then(() => mine));
      const aborted = new Promise<void>((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
      try {
        await Promise.race([before, aborted]);
      } catch (error) {
        void before.then(release);
        throw error;
      }
      held.add(name);
      try {
        return await work(true);
      } finally {
        held.delete(name);
        release();
      }
    },
  };
}

/** Channels of one origin. */
export function fakeChannels(): Host["openChannel"] {
  const open = new Set<{ name: string; onMessage: (message: unknown) => void }>();
  return (name, onMessage) => {
    const self = { name, onMessage };
    open.add(self);
    return {
      post(message) {
        for (const other of open) if (other !== self && other.name === name) other.onMessage(structuredClone(message));
      },
      close: () => void open.delete(self),
    };
  };
}

/** Memory of one origin: each call of the returned function makes the view of one tab. */
export function fakeDevice(): () => DeviceMemory {
  const values = new Map<string, string>();
  const tabs = new Set<(key: string | null) => void>();
  return () => {
    let listener: ((key: string | null) => void) | null = null;
    const tell = (key: string) => {
      for (const other of tabs) if (other !== listener) other(key);
    };
    return {
      get: (key) => values.get(key) ?? null,
      set(key, value) {
        values.set(key, value);
        tell(key);
      },
      remove(key) {
        if (values.delete(key)) tell(key);
      },
      keys: () => [...values.keys()],
      follow(called) {
        listener = called;
        tabs.add(called);
        return () => void tabs.delete(called);
      },
    };
  };
}

/** Time that the test moves. */
export class Clock {
  now = Date.UTC(2026, 10, 21, 8);
  private order = 0;
  private planned: Planned[] = [];

  setTimer(run: () => void, ms: number): Planned {
    const planned = { at: this.now + ms, order: this.order++, run };
    this.planned.push(planned);
    return planned;
  }
  clearTimer(timer: unknown): void {
    this.planned = this.planned.filter((other) => other !== timer);
  }
  /** Advances to the first timer due before `until` and runs it; returns false when there is none. */
  step(until: number): boolean {
    let due: Planned | undefined;
    for (const planned of this.planned) {
      if (planned.at <= until && (due === undefined || planned.at < due.at || (planned.at === due.at && planned.order < due.order))) due = planned;
    }
    if (due === undefined) {
      this.now = Math.max(this.now, until);
      return false;
    }
    this.clearTimer(due);
    this.now = Math.max(this.now, due.at);
    due.run();
    return true;
  }
  nextTimer(): number | null {
    const first = Math.min(...this.planned.map((planned) => planned.at));
    return Number.isFinite(first) ? first - this.now : null;
  }
}

export class FakeHost implements Host {
  readonly sockets: FakeSocket[] = [];
  readonly asked: FakeRequest[] = [];
  /** Answers by `METHOD /path`; any other request gets a 404. */
  readonly answers = new Map<string, (asked: FakeRequest) => Answer | Promise<Answer>>();
  /** The value that `random` returns. */
  luck = 0.5;
  locks: Locks;
  deviceMemory: Host["deviceMemory"] = null;
  openChannel: Host["openChannel"];
  private readonly clock: Clock;
  private wakers = new Set<(what: "wake" | "hide" | "leave") => void>();

  constructor(shared: { locks?: Locks; openChannel?: Host["openChannel"]; clock?: Clock } = {}) {
    this.clock = shared.clock ?? new Clock();
    this.locks = shared.locks ?? fakeLocks();
    this.openChannel = shared.openChannel ?? fakeChannels();
  }

  now = () => this.clock.now;
  random = () => this.luck;
  setTimer = (run: () => void, ms: number) => this.clock.setTimer(run, ms);
  clearTimer = (timer: unknown) => this.clock.clearTimer(timer);
  openSocket = (url: string): FakeSocket => {
    const socket = new FakeSocket(url);
    this.sockets.push(socket);
    return socket;
  };
  upload: Host["upload"] = async ({ url, method = "POST", headers, body, onProgress, signal }) => {
    if (signal?.aborted) throw new DOMException("", "AbortError");
    onProgress?.(50, 100);
    if (signal?.aborted) throw new DOMException("", "AbortError");
    const answer = await this.fetch(url, { method, headers, body });
    return { status: answer.status, text: await answer.text(), retryAfter: null };
  };
  fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const { pathname, searchParams } = new URL(url, "http://palaver.test");
    const asked: FakeRequest = {
      method: init.method ?? "GET",
      path: pathname,
      query: searchParams,
      headers: new Headers(init.headers),
      body: typeof init.body === "string" ? JSON.parse(init.body) : (init.body ?? undefined),
    };
    this.asked.push(asked);
    const answer = this.answers.get(`${asked.method} ${pathname}`);
    const { status = 200, body } = (await answer?.(asked)) ?? { status: 404, body: { code: "not_found", detail: "Not here." } };
    return new Response(status === 204 ? null : JSON.stringify(body ?? {}), { status });
  };
  readonly memory = new Map<string, string>();
  tabMemory = {
    get: (key: string) => this.memory.get(key) ?? null,
    set: (key: string, value: string) => void this.memory.set(key, value),
    remove: (key: string) => void this.memory.delete(key),
  };
  onWake = (listener: (what: "wake" | "hide" | "leave") => void): (() => void) => {
    this.wakers.add(listener);
    return () => this.wakers.delete(listener);
  };

  // ---- what the test does
  get socket(): FakeSocket {
    const last = this.sockets[this.sockets.length - 1];
    if (last === undefined) throw new Error("no socket was opened");
    return last;
  }
  wake(): void {
    for (const waker of this.wakers) waker("wake");
  }
  hide(): void {
    for (const waker of this.wakers) waker("hide");
  }
  leave(): void {
    for (const waker of this.wakers) waker("leave");
  }
  /** Moves the clock and runs the timers that fall due on the way, in order. */
  pass(ms: number): void {
    const until = this.clock.now + ms;
    while (this.clock.step(until));
  }
  /** Returns the time until the next timer is due. */
  nextTimer(): number | null {
    return this.clock.nextTimer();
  }
}

/** Runs everything that waits for a promise or for the fake disk, which answers in the next turns of the event loop. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}
