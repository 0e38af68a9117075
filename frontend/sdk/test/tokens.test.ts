import { beforeEach, describe, expect, it } from "vitest";
import { ChatClient, localStorageTokens, type TokenStore } from "../src/index.js";
import { FakeHost, fakeChannels, fakeLocks, settle } from "./support/fake-host.js";
import { BOB, ME } from "./support/frames.js";
import type { Host, Locks } from "../src/host/host.js";

/** A server that sends no cookies: it returns refresh tokens, renews only with the newest, and ends sessions on request. */
class Server {
  newest: string | null = null;
  user = ME;
  presented: (string | undefined)[] = [];
  private count = 0;

  serve(host: FakeHost): void {
    const tokens = () => {
      this.newest = `r${++this.count}`;
      return { body: { access_token: `a${this.count}`, expires_in: 900, refresh_token: this.newest, user: this.user } };
    };
    host.answers.set("POST /api/auth/guest", tokens);
    host.answers.set("POST /api/auth/refresh", ({ body }) => {
      const { refresh_token } = body as { refresh_token?: string };
      this.presented.push(refresh_token);
      if (refresh_token === undefined || refresh_token !== this.newest) return { status: 401, body: { code: "unauthenticated", detail: "Sign in." } };
      return tokens();
    });
    host.answers.set("POST /api/auth/logout", ({ body }) => {
      if ((body as { refresh_token?: string }).refresh_token === this.newest) this.newest = null;
      return { status: 204 };
    });
  }
}

/** A store that the test reads, and can make full. */
class Kept implements TokenStore {
  token: string | null = null;
  isFull = false;
  load = async () => this.token;
  save = async (token: string) => {
    if (this.isFull) throw new Error("the disk is full");
    this.token = token;
  };
  clear = async () => {
    this.token = null;
  };
}

let server: Server;
let store: Kept;
let locks: Locks;
let openChannel: Host["openChannel"];
beforeEach(() => {
  server = new Server();
  store = new Kept();
  locks = fakeLocks();
  openChannel = fakeChannels();
});

/** A page of another origin, or a run of a program: it holds nothing but the token store. */
function page(tokenStore: TokenStore | null = store): { host: FakeHost; client: ChatClient } {
  const host = new FakeHost({ locks, openChannel });
  server.serve(host);
  return { host, client: new ChatClient({ baseUrl: "http://palaver.test", storage: false, host, ...(tokenStore === null ? {} : { tokenStore }) }) };
}

describe("a token store", () => {
  it("lets a session survive a reload, with the newest token each time", async () => {
    const first = page();
    expect(await first.client.start()).toBe("signed_out");
    await first.client.guest({ name: "ada" });
    expect(store.token).toBe("r1");
    for (const token of ["r1", "r2", "r3"]) {
      const next = page();
      expect(await next.client.start()).toBe("signed_in");
      expect(next.client.getState().me?.id).toBe(ME.id);
      expect(server.presented.at(-1)).toBe(token);
      next.client.stop();
    }
    expect(store.token).toBe(server.newest);
  });

  it("without one a session ends with the page", async () => {
    const first = page(null);
    await first.client.start();
    await first.client.guest({ name: "ada" });
    expect(store.token).toBe(null);
    expect(await page(null).client.start()).toBe("signed_out");
  });

  it("is cleared by signing out, which ends the session on the server", async () => {
    const { client } = page();
    await client.start();
    await client.guest({ name: "ada" });
    await client.logout();
    expect([store.token, server.newest]).toEqual([null, null]);
    expect(await page().client.start()).toBe("signed_out");
  });

  it("is cleared by signing out even if the server cannot be reached", async () => {
    const { host, client } = page();
    await client.start();
    await client.guest({ name: "ada" });
    host.answers.set("POST /api/auth/logout", () => Promise.reject(new TypeError("down")));
    await client.logout();
    expect(store.token).toBe(null);
  });

  it("is cleared when the server refuses its token, unless another tab has stored a newer one meanwhile", async () => {
    store.token = "old";
    expect(await page().client.start()).toBe("signed_out");
    expect(store.token).toBe(null);

    store.token = "older";
    const { host, client } = page();
    host.answers.set("POST /api/auth/refresh", () => {
      store.token = "of another tab";
      return { status: 401, body: { code: "unauthenticated", detail: "Sign in." } };
    });
    expect(await client.start()).toBe("signed_out");
    expect(store.token).toBe("of another tab");
  });

  it("is read again before each renewal: another tab may have renewed", async () => {
    const [one, two] = [page(), page()];
    // Two processes that share a file share neither locks nor channels.
    two.host.openChannel = fakeChannels();
    await one.client.start();
    await one.client.guest({ name: "ada" });
    expect(await two.client.start()).toBe("signed_in");
    one.host.pass(890_000);
    await one.client.listSessions().catch(() => undefined);
    expect(server.presented.at(-1)).toBe("r2");
    expect(store.token).toBe("r3");
  });

  it("that is full keeps nobody from signing in and renewing, and never has an outdated token presented", async () => {
    const { host, client } = page();
    await client.start();
    await client.guest({ name: "ada" });
    store.isFull = true;
    // What the store holds is outdated from the first renewal on: presented again, it would end the session.
    for (const token of ["r1", "r2", "r3"]) {
      host.pass(890_000);
      await client.listSessions().catch(() => undefined);
      expect(server.presented.at(-1)).toBe(token);
      expect(store.token).toBe(null);
    }
  });

  it("that holds the token of another user than the last one shows that user", async () => {
    const first = page();
    await first.client.start();
    await first.client.guest({ name: "ada" });
    server.user = BOB as typeof ME;
    const second = page();
    expect(await second.client.start()).toBe("signed_in");
    expect(second.client.getState().me?.id).toBe(BOB.id);
  });
});

describe("localStorageTokens", () => {
  const kept = new Map<string, string>();
  beforeEach(() => {
    kept.clear();
    (globalThis as { localStorage?: unknown }).localStorage = {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
      removeItem: (key: string) => void kept.delete(key),
    };
  });

  it("keeps the token under its key, and the tokens of two servers apart", async () => {
    const [one, two] = [localStorageTokens(), localStorageTokens("other")];
    await one.save("a");
    await two.save("b");
    expect([await one.load(), await two.load()]).toEqual(["a", "b"]);
    await one.clear();
    expect([...kept]).toEqual([["other", "b"]]);
    expect(await one.load()).toBe(null);
  });

  it("where storage is forbidden, a session lasts as long as the page", async () => {
    Object.defineProperty(globalThis, "localStorage", {
      configurable: true,
      get: () => {
        throw new DOMException("forbidden", "SecurityError");
      },
    });
    try {
      const { host, client } = page(localStorageTokens());
      expect(await client.start()).toBe("signed_out");
      await client.guest({ name: "ada" });
      host.pass(890_000);
      await settle();
      await client.listSessions().catch(() => undefined);
      expect(server.presented.at(-1)).toBe("r1");
    } finally {
      delete (globalThis as { localStorage?: unknown }).localStorage;
    }
  });
});
