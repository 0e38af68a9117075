/** Owns the host for browsers and for everything with the same globals (Node 22, Deno, Bun, workers). Node 20 has no `WebSocket`. */
import type { Channel, DeviceMemory, Host, Locks, TabMemory, UploadAnswer, UploadRequest } from "./host.ts";

/** Used where the platform has no locks: every lock is granted, as if there were only one tab. */
const ALONE: Locks = { hold: (_name, _options, work) => work(true) };

export function browserHost(): Host {
  return {
    now: () => Date.now(),
    setTimer: (run, ms) => setTimeout(run, ms),
    clearTimer: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
    random: () => Math.random(),
    openSocket: (url) => new WebSocket(url),
    fetch: (url, init) => fetch(url, init),
    upload: globalThis.XMLHttpRequest === undefined ? uploadByFetch : uploadByXhr,
    locks: globalThis.navigator?.locks === undefined ? ALONE : webLocks(globalThis.navigator.locks),
    openChannel: broadcastChannel,
    tabMemory: sessionMemory(),
    deviceMemory: localMemory(),
    onWake(listener) {
      if (globalThis.document === undefined) return () => undefined;
      const shown = () => listener(document.visibilityState === "visible" ? "wake" : "hide");
      const wake = () => listener("wake");
      const leave = () => listener("leave");
      document.addEventListener("visibilitychange", shown);
      window.addEventListener("online", wake);
      window.addEventListener("pageshow", wake);
      window.addEventListener("pagehide", leave);
      return () => {
        document.removeEventListener("visibilitychange", shown);
        window.removeEventListener("online", wake);
        window.removeEventListener("pageshow", wake);
        window.removeEventListener("pagehide", leave);
      };
    },
  };
}

/** Returns a channel to the other tabs; one that reaches nobody where the browser forbids it. */
function broadcastChannel(name: string, onMessage: (message: unknown) => void): Channel {
  try {
    const channel = new BroadcastChannel(name);
    channel.onmessage = (event) => onMessage(event.data);
    // In Node an open channel keeps the process alive, even though nothing else is left to do.
    (channel as { unref?: () => void }).unref?.();
    return { post: (message) => channel.postMessage(message), close: () => channel.close() };
  } catch {
    return { post() {}, close() {} };
  }
}

/** Returns the local storage if it exists and may be used. Only a write shows whether it does. */
function localMemory(): DeviceMemory | null {
  try {
    if (globalThis.document === undefined) return null;
    const storage = globalThis.localStorage;
    storage.setItem("palaver-probe", "1");
    storage.removeItem("palaver-probe");
    return {
      ...memoryIn(storage),
      keys: () => Object.keys(storage),
      follow(listener) {
        const changed = (event: StorageEvent) => event.storageArea === storage && listener(event.key);
        window.addEventListener("storage", changed);
        return () => window.removeEventListener("storage", changed);
      },
    };
  } catch {
    // The user blocks site data.
    return null;
  }
}

/** Reads and writes a storage. What does not fit is not kept: see `TabMemory.set`. */
function memoryIn(storage: Storage): TabMemory {
  return {
    get: (key) => storage.getItem(key),
    set(key, value) {
      try {
        storage.setItem(key, value);
      } catch {
        // Full or forbidden. A tab may then start a new outbox after a reload, and adopt the old one a moment later.
      }
    },
    remove: (key) => storage.removeItem(key),
  };
}

/** Returns the session storage if it exists and may be used, else a memory that forgets everything. */
function sessionMemory(): TabMemory {
  const forgetful = { get: () => null, set() {}, remove() {} };
  try {
    const storage = globalThis.sessionStorage;
    if (storage === undefined || globalThis.document === undefined) return forgetful;
    return memoryIn(storage);
  } catch {
    return forgetful;
  }
}

/** Uses the browser's locks. A browser that stores nothing for a site refuses locks, too: each is granted then. */
function webLocks(locks: LockManager): Locks {
  return {
    hold: async <T>(
      name: string,
      { ifAvailable, signal }: { ifAvailable?: boolean; signal?: AbortSignal },
      work: (held: boolean) => Promise<T>,
    ): Promise<T> => {
      // The standard does not allow both options together.
      const options: LockOptions = ifAvailable ? { ifAvailable: true } : signal ? { signal } : {};
      let asked = false;
      try {
        return (await locks.request(name, options, (lock) => {
          asked = true;
          return work(lock !== null);
        })) as T;
      } catch (error) {
        if (asked || signal?.aborted || !isDenied(error)) throw error;
        return work(true);
      }
    },
  };
}

/** Returns whether the browser forbids this site to use what it asked for. */
function isDenied(error: unknown): boolean {
  return error instanceof DOMException && (error.name === "SecurityError" || error.name === "InvalidStateError");
}

function uploadByXhr({ url, method = "POST", body, headers, onProgress, signal }: UploadRequest): Promise<UploadAnswer> {
  return new Promise((resolve, reject) => {
    const aborted = () => new DOMException("The upload was cancelled.", "AbortError");
    if (signal?.aborted) return reject(aborted());
    const request = new XMLHttpRequest();
    const cancel = () => request.abort();
    const end = (settle: () => void) => () => {
      signal?.removeEventListener("abort", cancel);
      settle();
    };
    request.upload.onprogress = (event) => onProgress?.(event.loaded, event.total);
    request.onload = end(() =>
      resolve({ status: request.status, text: request.responseText, retryAfter: request.getResponseHeader("Retry-After") }),
    );
    request.onerror = end(() => reject(new TypeError("The upload failed.")));
    request.onabort = end(() => reject(aborted()));
    signal?.addEventListener("abort", cancel);
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.send(body);
  });
}

/** Uploads by `fetch`, which reports no progress: hosts without XMLHttpRequest have no progress bar either. */
async function uploadByFetch({ url, method = "POST", body, headers, signal }: UploadRequest): Promise<UploadAnswer> {
  const answer = await fetch(url, { method, body, headers, ...(signal === undefined ? {} : { signal }) });
  return { status: answer.status, text: await answer.text(), retryAfter: answer.headers.get("Retry-After") };
}
