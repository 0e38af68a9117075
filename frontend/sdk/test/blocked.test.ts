import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ChatClient } from "../src/index.ts";
import { STORAGE_PATIENCE_MS } from "../src/storage/guarded.ts";
import { FakeHost, settle } from "./support/fake-host.ts";
import { ME, entry, rooms, sync, welcome } from "./support/frames.ts";

let host: FakeHost;
let client: ChatClient;
let device: Map<string, string>;

function start(): void {
  client = new ChatClient({ baseUrl: "/chat", storage: "db", host });
}

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
  host = new FakeHost();
  device = new Map();
  host.deviceMemory = {
    get: (key) => device.get(key) ?? null,
    set: (key, value) => void device.set(key, value),
    remove: (key) => void device.delete(key),
    keys: () => [...device.keys()],
    follow: () => () => undefined,
  };
  host.answers.set("POST /chat/api/auth/guest", () => ({ body: { access_token: "t1", expires_in: 900, user: ME } }));
  host.answers.set("POST /chat/api/auth/refresh", () => ({ status: 401, body: { code: "unauthenticated", detail: "Sign in." } }));
  host.answers.set("POST /chat/api/auth/logout", () => ({ status: 204 }));
});

afterEach(() => client.stop());

/** Signs in as a guest and sends a message, as far as the server hears of it. */
async function guestSends(): Promise<void> {
  const entered = client.guest({ name: "ada" });
  await settle();
  host.pass(2 * STORAGE_PATIENCE_MS);
  await settle();
  await entered;
  await settle();
  host.socket.opens();
  host.socket.says(welcome(), rooms([entry({})]));
  const resume = host.socket.of("resume").at(-1)!;
  host.socket.says(sync("@me", resume.id, "ok", {}), sync("r1", resume.id, "ok", {}));
  client.send("r1", "hello");
  await settle();
  host.pass(STORAGE_PATIENCE_MS);
  await settle();
  expect(host.socket.of("send")).toHaveLength(1);
}

describe("where a device stores nothing, the client works in memory and says so", () => {
  const broken: Record<string, () => unknown> = {
    "opening throws": () => {
      throw new DOMException("denied", "SecurityError");
    },
    "opening fails": () => {
      const request = { error: new DOMException("denied", "UnknownError"), addEventListener: on, removeEventListener() {} };
      function on(type: string, listener: (event: unknown) => void) {
        if (type === "error") queueMicrotask(() => listener({ target: request }));
      }
      return request;
    },
    "opening never ends": () => ({ addEventListener() {}, removeEventListener() {} }),
  };
  for (const [how, open] of Object.entries(broken)) {
    it(how, async () => {
      globalThis.indexedDB = { open } as unknown as IDBFactory;
      start();
      const started = client.start();
      await settle();
      host.pass(STORAGE_PATIENCE_MS);
      await started;
      expect(client.getState()).toMatchObject({ session: "signed_out", durable: false });
      await guestSends();
      expect(client.getState().durable).toBe(false);
    });
  }

  it("there is no database at all", async () => {
    Reflect.deleteProperty(globalThis, "indexedDB");
    start();
    await client.start();
    await guestSends();
    expect(client.getState().durable).toBe(false);
  });

  it("a database stops answering while it is used", async () => {
    start();
    await client.start();
    const entered = client.guest({ name: "ada" });
    await settle();
    await entered;
    expect(client.getState().durable).toBe(true);
    const transaction = IDBDatabase.prototype.transaction;
    IDBDatabase.prototype.transaction = () => {
      throw new DOMException("the disk is full", "QuotaExceededError");
    };
    client.send("r1", { text: "hello" });
    host.pass(1_000);
    await settle();
    IDBDatabase.prototype.transaction = transaction;
    expect(client.getState().durable).toBe(false);
    expect(client.unsaved().unsent).toBe(1);
  });
});

describe("the session of this browser", () => {
  it("is not asked for where nobody has ever signed in, and is from then on", async () => {
    start();
    await client.start();
    expect(client.getState()).toMatchObject({ session: "signed_out", ended: null, durable: true });
    expect(host.asked).toEqual([]);
    await guestSends();
    expect(device.get("palaver-session:/chat")).toBe("1");
    // The server closes the socket before it answers.
    host.answers.set("POST /chat/api/auth/logout", () => {
      host.socket.closes(4401);
      return { status: 204 };
    });
    await client.logout();
    expect([...device]).toEqual([]);
    // What is asked for in the name of the ended session fails here, and asks the server nothing.
    await expect(client.listSessions()).rejects.toMatchObject({ code: "unauthenticated" });
    expect(host.asked.map(({ path }) => path)).not.toContain("/chat/api/auth/refresh");
  });

  it("is asked for once if there is no memory that could tell", async () => {
    host.deviceMemory = null;
    start();
    await client.start();
    expect(host.asked.map(({ path }) => path)).toEqual(["/chat/api/auth/refresh"]);
    expect(client.getState()).toMatchObject({ session: "signed_out", ended: null });
  });

  it("says how it ended: it expired, or it was ended from another device, or in another tab", async () => {
    for (const [code, why, user] of [
      ["unauthenticated", "expired", ME.id],
      ["signed_out", "signed_out", null],
    ] as const) {
      globalThis.indexedDB = new IDBFactory();
      host.answers.set("POST /chat/api/auth/refresh", () => ({ status: 401, body: { code, detail: "Sign in." } }));
      start();
      await client.start();
      await guestSends();
      client.setDraft("r1", { text: "a draft" });
      host.socket.closes(4401);
      await settle();
      expect(client.getState().session, code).toBe("signed_out");
      expect(client.getState().ended?.why, code).toBe(why);
      expect(client.getState().ended?.user?.id ?? null, code).toBe(user);
      await guestSends();
      expect(client.getState().ended, code).toBeNull();
      // What was drafted is there again, unless nothing may stay on the device.
      expect(client.getDraft("r1").text, code).toBe(why === "expired" ? "a draft" : "");
      client.stop();
      await settle();
    }
  });

  it("counts what a sign-out would lose", async () => {
    start();
    await client.start();
    await guestSends();
    expect(client.unsaved()).toEqual({ unsent: 1, drafts: 0 });
    client.setDraft("r1", { text: "half" });
    client.setDraft("r2", { text: "  " });
    expect(client.unsaved()).toEqual({ unsent: 1, drafts: 1 });
  });
});

describe("a server that does not accept the page", () => {
  it("is explained before anybody is signed in, and asked again", async () => {
    device.set("palaver-session:/chat", "1");
    host.answers.set("POST /chat/api/auth/refresh", () => ({ status: 421, body: { code: "bad_request", detail: "Not known." } }));
    start();
    void client.start();
    await settle();
    expect(client.getState()).toMatchObject({ session: "unknown", connection: { status: "waiting", trouble: { kind: "host" } } });
    host.answers.set("POST /chat/api/auth/refresh", () => ({ status: 401, body: { code: "unauthenticated", detail: "Sign in." } }));
    client.reconnectNow();
    await settle();
    expect(client.getState()).toMatchObject({ session: "signed_out", connection: { trouble: null } });
  });

  it("differs from nodes that are away for a while", async () => {
    host.answers.set("POST /chat/api/auth/guest", () => ({ body: { access_token: "t1", expires_in: 900, user: ME } }));
    host.answers.set("POST /chat/api/auth/ticket", () => ({ body: { ticket: "x", expires_in: 60 } }));
    host.answers.set("POST /chat/v1/ws", () => ({ status: 502 }));
    start();
    await client.start();
    await client.guest({ name: "ada" });
    await settle();
    const fail = async () => {
      host.socket.closes(1006);
      await settle();
      client.reconnectNow();
      await settle();
    };
    for (let n = 0; n < 5; n++) await fail();
    expect(client.getState().connection.trouble).toBeNull();

    host.answers.set("POST /chat/v1/ws", () => ({ status: 400, body: { code: "bad_request", detail: "Connect with a WebSocket client." } }));
    for (let n = 0; n < 5; n++) await fail();
    expect(client.getState().connection.trouble).toMatchObject({ kind: "socket" });
  });

  it("is explained when only its sockets are closed to the page", async () => {
    const tokens = { access_token: "t1", expires_in: 900, user: ME, refresh_token: "r1" };
    host.answers.set("POST /chat/api/auth/guest", () => ({ body: tokens }));
    host.answers.set("POST /chat/api/auth/ticket", () => ({ body: { ticket: "x", expires_in: 60 } }));
    start();
    await client.start();
    await client.guest({ name: "ada" });
    await settle();
    host.socket.closes(1006);
    await settle();
    expect(client.getState().connection).toMatchObject({ status: "waiting", trouble: { kind: "origin" } });
  });
});
