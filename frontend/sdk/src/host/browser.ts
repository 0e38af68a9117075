/** Owns the host of browsers, and of anything with the same globals (Node 22, Deno, Bun, workers). */
import type { Host, Locks, Socket, TabMemory, UploadAnswer, UploadRequest } from "./host.js";

/** Where the platform has no locks there is one tab only, as far as anyone can know. */
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

/** Session storage, where there is one and it may be used. */
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
          // Full or forbidden: then a reload may begin a new outbox and adopt the old one a moment later.
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
      // The two options exclude each other in the standard.
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
    request.onerror = end(() => reject(new TypeError("The upload did not get through.")));
    request.onabort = end(() => reject(aborted()));
    signal?.addEventListener("abort", cancel);
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.send(body);
  });
}

/** Where there is no XMLHttpRequest nobody watches a progress bar either. */
async function uploadByFetch({ url, method = "POST", body, headers, signal }: UploadRequest): Promise<UploadAnswer> {
  const answer = await fetch(url, { method, body, headers, ...(signal === undefined ? {} : { signal }) });
  return { status: answer.status, text: await answer.text(), retryAfter: answer.headers.get("Retry-After") };
}
