/**
 * Owns what the client needs from its environment: clock, timers, randomness, sockets, requests, locks. All of it comes through
 * this one object, so that tests control time and no module reads a global.
 */

/**
 * The part of `WebSocket` that is used; `ws` for Node fits it. The events are `any`, because each of these libraries has its own
 * types for them: of `onmessage` only `data` is read, of `onclose` only `code` and `reason`.
 */
export interface Socket {
  send(data: string): void;
  close(code?: number, reason?: string): void;
  onopen: ((event: any) => void) | null;
  onmessage: ((event: any) => void) | null;
  onclose: ((event: any) => void) | null;
  onerror: ((event: any) => void) | null;
}

export type Timer = unknown;

export interface Locks {
  /**
   * Runs `work` while this tab alone holds `name`; the lock ends with the returned promise, or with the tab.
   * With `ifAvailable` it runs `work(false)` at once when another tab holds the lock; `signal` aborts the wait.
   */
  hold<T>(name: string, options: { ifAvailable?: boolean; signal?: AbortSignal }, work: (held: boolean) => Promise<T>): Promise<T>;
}

/** Messages between the tabs of one origin. */
export interface Channel {
  post(message: unknown): void;
  close(): void;
}

export interface TabMemory {
  get(key: string): string | null;
  /** Does nothing if the memory is full. */
  set(key: string, value: string): void;
  remove(key: string): void;
}

/** Memory of all tabs of one origin. A value is kept when `set` returns, whatever happens to the page after that. */
export interface DeviceMemory extends TabMemory {
  keys(): readonly string[];
  /** Calls `listener` after another tab changed a key (`null`: all of them). Returns a function that unsubscribes. */
  follow(listener: (key: string | null) => void): () => void;
}

export interface UploadRequest {
  readonly url: string;
  /** `POST` when left out. */
  readonly method?: "POST" | "PUT";
  readonly body: FormData | Blob;
  readonly headers: Readonly<Record<string, string>>;
  readonly onProgress?: (sent: number, total: number) => void;
  readonly signal?: AbortSignal;
}

export interface UploadAnswer {
  readonly status: number;
  readonly text: string;
  readonly retryAfter: string | null;
}

export interface Host {
  now(): number;
  setTimer(run: () => void, ms: number): Timer;
  clearTimer(timer: Timer): void;
  /** Returns a uniform random number in [0, 1). */
  random(): number;
  openSocket(url: string): Socket;
  fetch(url: string, init: RequestInit): Promise<Response>;
  /** Sends a large body and reports progress, which `fetch` cannot. Rejects with an `AbortError` when `signal` is aborted. */
  upload(request: UploadRequest): Promise<UploadAnswer>;
  locks: Locks;
  openChannel(name: string, onMessage: (message: unknown) => void): Channel;
  /** Memory of one tab: survives a reload and is not shared with other tabs. */
  tabMemory: TabMemory;
  /** Small facts and drafts that all tabs of this device share. Null where there is no such memory, or it may not be used. */
  deviceMemory: DeviceMemory | null;
  /**
   * Calls `listener` when the page is shown again, the network is back, the page is being hidden, or it is left: closed,
   * reloaded or replaced by another one. Returns a function that unsubscribes.
   */
  onWake(listener: (what: "wake" | "hide" | "leave") => void): () => void;
}
