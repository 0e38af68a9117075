/** Owns the host for browsers and for everything with the same globals (Node 22, Deno, Bun, workers). */
import type { Host, Locks, Socket, TabMemory, UploadAnswer, UploadRequest } from "./host.js";

/** Used where the platform has no locks: every lock is granted, as if there were only one tab. */
const ALONE: Locks = { hold: (_name, _options, work) => work(true) };

export function browserHost(): Host {
  return {
    now: () => Date.now(),
    setTimer: (run, ms) => setTimeout(run, ms),
    clearTimer: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
    random: () => Math.random(),
    openSocket: (url) => new WebSocket(url) as unknown as Socket,
    fetch: (url, init) => fetch(url, init),
    upload: globalThis.XMLHttpRequest === undefined ? uploadByFetch : uploadByXhr,
    locks: globalThis.navigator?.locks === undefined ? ALONE : webLocks(globalThis.navigator.locks),
    openChannel(name, onMessage) {
      if (globalThis.BroadcastChannel === undefined) return { post() {}, close() {} };
      const channel = new BroadcastChannel(name);
      channel.onmessage = (event) => onMessage(event.data);
      return { post: (message) => channel.postMessage(message), close: () => channel.close() };
    },
    tabMemory: sessionMemory(),
    onWake(listener) {
      if (globalThis.document === undefined) return () => undefined;
      const shown = () => listener(document.visibilityState === "visible" ? "wake" : "hide");
      const wake = () => listener("wake");
      const hide = () => listener("hide");
      document.addEventListener("visibilitychange", shown);
      window.addEventListener("online", wake);
      window.addEventListener("pageshow", wake);
      window.addEventListener("pagehide", hide);
      return () => {
        document.removeEventListener("visibilitychange", shown);
        window.removeEventListener("online", wake);
        window.removeEventListener("pageshow", wake);
        window.removeEventListener("pagehide", hide);
      };
    },
  };
}

/** Returns the session storage if it exists and may be used, else a memory that forgets everything. */
function sessionMemory(): TabMemory {
  const forgetful = { get: () => null, set() {} };
  try {
    const storage = globalThis.sessionStorage;
    if (storage === undefined || globalThis.document === undefined) return forgetful;
    return {
      get: (key) => storage.getItem(key),
      set(key, value) {
        try {
          storage.setItem(key, value);
        } catch {
          // Full or forbidden: a reload may then start a new outbox and adopt the old one a moment later.
        }
      },
    };
  } catch {
    return forgetful;
  }
}

function webLocks(locks: LockManager): Locks {
  return {
    hold: <T>(
      name: string,
      { ifAvailable, signal }: { ifAvailable?: boolean; signal?: AbortSignal },
      work: (held: boolean) => Promise<T>,
    ): Promise<T> => {
      // The standard does not allow both options together.
      const options: LockOptions = ifAvailable ? { ifAvailable: true } : signal ? { signal } : {};
      return locks.request(name, options, (lock) => work(lock !== null)) as Promise<T>;
    },
  };
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
