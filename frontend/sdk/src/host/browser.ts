/** Owns the host of browsers, and of anything with the same globals (Node 22, Deno, Bun, workers). */
import type { Host, Locks, Socket } from "./host.js";

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
    locks: globalThis.navigator?.locks === undefined ? ALONE : webLocks(globalThis.navigator.locks),
    openChannel(name, onMessage) {
      if (globalThis.BroadcastChannel === undefined) return { post() {}, close() {} };
      const channel = new BroadcastChannel(name);
      channel.onmessage = (event) => onMessage(event.data);
      return { post: (message) => channel.postMessage(message), close: () => channel.close() };
    },
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
