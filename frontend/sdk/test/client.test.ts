import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, describe, expect, it } from "vitest";
import { ChatClient, PalaverError } from "../src/index.ts";
import type { ServerFrame } from "../src/wire.ts";
import type { MessagePage } from "../src/generated/wire.ts";
import { FakeHost, fakeChannels, fakeLocks, settle } from "./support/fake-host.ts";
import { BOB, ME, entry, live, member, message, own, rooms, sync, welcome } from "./support/frames.ts";
import type { Host, Locks } from "../src/host/host.ts";

let locks: Locks;
let openChannel: Host["openChannel"];
beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
  locks = fakeLocks();
  openChannel = fakeChannels();
});

/** A browser that is signed in by cookie, and a server with what every page requests. */
function browser(): { host: FakeHost; client: ChatClient; cookie: { user: typeof ME | null; token: number } } {
  const host = new FakeHost({ locks, openChannel });
  const cookie: { user: typeof ME | null; token: number } = { user: ME, token: 0 };
  const tokens = () => ({ access_token: `t${++cookie.token}`, expires_in: 900, user: cookie.user });
  host.answers.set("POST /api/auth/refresh", () =>
    cookie.user === null ? { status: 401, body: { code: "unauthenticated", detail: "Sign in." } } : { body: tokens() },
  );
  host.answers.set("POST /api/auth/guest", () => {
    cookie.user = ME;
    return { body: tokens() };
  });
  host.answers.set("POST /api/auth/logout", () => {
    cookie.user = null;
    return { status: 204 };
  });
  host.answers.set("GET /api/notifications/me", () => ({ body: { items: [], next: null } }));
  host.answers.set("GET /api/notifications/me/unread-count", () => ({ body: { unread: 0 } }));
  host.answers.set("GET /api/rooms/r1", () => ({ body: { description: "Talk", archived: false, pins: [9], slow_mode_s: 0 } }));
  host.answers.set("GET /api/rooms/r1/members", () => ({
    body: { items: [{ user: BOB, state: "joined", role: "member", muted_until: null, at_seq: 2 }], next: null },
  }));
  const client = new ChatClient({ baseUrl: "http://palaver.test", storage: "db", host });
  return { host, client, cookie };
}

/** Plays the server's side of a sign-in: welcome, room list, and the answers to the resume. */
async function serve(host: FakeHost, { epoch = "e1", head = 10 } = {}): Promise<void> {
  await settle();
  host.socket.opens();
  host.socket.says(welcome(epoch), rooms([entry({ head })]));
  const resume = host.socket.of("resume").at(-1)!;
  host.socket.says(sync("@me", resume.id, "ok", { epoch }));
  const cursor = resume.cursors.r1;
  if (cursor == null) host.socket.says(sync("r1", resume.id, "reset", { head, n: 8, epoch }));
  else host.socket.says(sync("r1", resume.id, "ok", { epoch }));
  await settle();
}

function history(items: MessagePage["items"], asOf = 10, more = false, epoch = "e1") {
  return { body: { epoch, as_of: asOf, items, more } satisfies MessagePage };
}

describe("start", () => {
  it("finds the session by the cookie, connects, and is online when the own log is caught up", async () => {
    const { host, client } = browser();
    expect(client.getState().session).toBe("unknown");
    void client.start();
    await serve(host);
    const state = client.getState();
    expect(state).toMatchObject({ session: "signed_in", ready: true, me: { id: ME.id } });
    expect(state.connection).toMatchObject({ status: "online", node: "n1", downSince: null });
    expect(host.socket.url).toBe("ws://palaver.test/v1/ws");
    expect(host.socket.of("resume")[0]?.cursors).toEqual({ "@me": 5, r1: null });
  });

  it("reports signed out when there is no session, and guests can sign in", async () => {
    const { host, client, cookie } = browser();
    cookie.user = null;
    await client.start();
    expect(client.getState().session).toBe("signed_out");
    expect(host.sockets).toEqual([]);
    await client.guest({ name: "ada" });
    await serve(host);
    expect(client.getState().connection.status).toBe("online");
  });

  it("keeps trying when the server is away, without a cache and with one", async () => {
    const { host, client } = browser();
    const answer = host.answers.get("POST /api/auth/refresh")!;
    host.answers.set("POST /api/auth/refresh", () => Promise.reject(new TypeError("down")));
    void client.start();
    await settle();
    expect(client.getState()).toMatchObject({ session: "unknown", connection: { status: "waiting" } });
    host.answers.set("POST /api/auth/refresh", answer);
    client.reconnectNow();
    await serve(host);
    expect(client.getState().session).toBe("signed_in");
    client.stop();
    await settle();

    const second = browser();
    second.host.answers.set("POST /api/auth/refresh", () => Promise.reject(new TypeError("down")));
    void second.client.start();
    await settle();
    expect(second.client.getState()).toMatchObject({ session: "signed_in", ready: true, connection: { status: "waiting" } });
    expect([...second.client.getState().rooms.keys()]).toEqual(["r1"]);
  });

  it("resolves to what the server says about the session, and to offline after two seconds without its answer", async () => {
    const first = browser();
    const signedIn = first.client.start();
    await serve(first.host);
    expect(await signedIn).toBe("signed_in");
    first.client.stop();
    await settle();

    // With a cache, and a server that cannot be reached.
    const second = browser();
    second.host.answers.set("POST /api/auth/refresh", () => Promise.reject(new TypeError("down")));
    let outcome: string | null = null;
    void second.client.start().then((answer) => (outcome = answer));
    await settle();
    second.host.pass(1_999);
    await settle();
    expect(outcome).toBe(null);
    expect(second.client.getState()).toMatchObject({ session: "signed_in", ready: true });
    second.host.pass(1);
    await settle();
    expect(outcome).toBe("offline");
    expect([...second.client.getState().rooms.keys()]).toEqual(["r1"]);
    second.client.stop();
    await settle();

    // With a cache, and a session that has ended.
    const third = browser();
    third.cookie.user = null;
    expect(await third.client.start()).toBe("signed_out");
    third.client.stop();
    await settle();

    // Without a cache, and a server that never answers.
    const fourth = browser();
    fourth.host.answers.set("POST /api/auth/refresh", () => new Promise(() => undefined));
    const offline = fourth.client.start();
    await settle();
    fourth.host.pass(2_000);
    expect(await offline).toBe("offline");
  });

  it("forgets everything when the user signed out of this device from another one, but nothing when the session expired", async () => {
    for (const [code, kept] of [
      ["unauthenticated", true],
      ["signed_out", false],
    ] as const) {
      globalThis.indexedDB = new IDBFactory();
      const first = browser();
      void first.client.start();
      await serve(first.host);
      first.client.stop();
      await settle();

      const second = browser();
      second.host.answers.set("POST /api/auth/refresh", () => ({ status: 401, body: { code, detail: "Sign in." } }));
      await second.client.start();
      await settle();
      expect(second.client.getState().session, code).toBe("signed_out");
      second.client.stop();
      await settle();
      const databases = (await indexedDB.databases()).map(({ name }) => name ?? "");
      expect(databases.some((name) => name.includes(ME.id)), code).toBe(kept);
    }
  });

  it("survives being stopped and restarted at once, as React's strict mode does", async () => {
    const { host, client } = browser();
    void client.start();
    client.stop();
    void client.start();
    await serve(host);
    expect(client.getState().connection.status).toBe("online");
    expect(host.sockets.filter((socket) => socket.closedWith === null)).toHaveLength(1);
    expect(client.send("r1", "hi")).toMatch(/^[0-9a-f-]{36}$/);
    await settle();
    expect(host.socket.of("send")).toHaveLength(1);
  });
});

describe("a reload", () => {
  it("shows the cache at once and resumes at its cursors", async () => {
    const first = browser();
    first.host.answers.set("GET /api/rooms/r1/messages", () => history([message(8), message(9)]));
    void first.client.start();
    await serve(first.host);
    await first.client.openRoom("r1");
    first.host.socket.says(live(message(11)), live(own(6, { kind: "setting", name: "theme", value: "dark" })));
    first.client.setDraft("r1", { text: "half a sent" });
    first.host.hide();
    await settle();
    first.client.stop();
    await settle();

    const second = browser();
    void second.client.start();
    await settle();
    const room = second.client.getState().rooms.get("r1")!;
    expect(room.messages.map((m) => m.seq)).toEqual([8, 9, 11]);
    expect(second.client.getState().drafts.get("r1")?.text).toBe("half a sent");
    expect(second.client.getState().settings).toEqual({ theme: "dark" });
    await serve(second.host, { head: 11 });
    expect(second.host.socket.of("hello")[0]?.epoch).toBe("e1");
    expect(second.host.socket.of("resume")[0]?.cursors).toEqual({ "@me": 6, r1: 11 });
  });

  it("drops the cache of another epoch", async () => {
    const first = browser();
    void first.client.start();
    await serve(first.host);
    first.host.socket.says(live(message(11)));
    first.client.stop();
    await settle();
    const second = browser();
    void second.client.start();
    await serve(second.host, { epoch: "e2", head: 3 });
    expect(second.host.socket.of("resume")[0]?.cursors).toEqual({ "@me": 5, r1: null });
    expect(second.client.getState().rooms.get("r1")).toMatchObject({ head: 3, messages: [] });
  });

  it("sends once what was typed while the server was down", async () => {
    const first = browser();
    void first.client.start();
    await serve(first.host);
    first.host.socket.closes(1006);
    const id = first.client.send("r1", "are you there?");
    await settle();
    expect(first.client.getState().rooms.get("r1")?.messages.at(-1)).toMatchObject({ id, status: "sending", text: "are you there?" });
    first.client.stop();
    await settle();
    const second = browser();
    void second.client.start();
    await serve(second.host);
    expect(second.host.socket.of("send")).toMatchObject([{ id, text: "are you there?", seen: 10 }]);
    second.host.socket.says({ t: "ack", id, room: "r1", seq: 11, at: "", dup: false, noop: false }, live(message(11, { id, by: ME })));
    await settle();
    expect(second.client.getState().outbox).toEqual([]);
    expect(second.client.getState().rooms.get("r1")?.messages.map((m) => [m.seq, m.status])).toEqual([[11, "sent"]]);
  });
});

describe("a change refused because of its epoch", () => {
  it("makes the client request the new epoch and retry from seen 0", async () => {
    const { host, client } = browser();
    void client.start();
    await serve(host);
    const id = client.send("r1", "hi");
    await settle();
    host.socket.says({ t: "error", id, of: "send", room: "r1", code: "unavailable", message: "", epoch: "e2" });
    await serve(host, { epoch: "e2", head: 3 });
    expect(host.sockets).toHaveLength(2);
    expect(host.socket.of("send")).toMatchObject([{ id, seen: 0 }]);
  });
});

describe("history", () => {
  it("requests at least the acked and reset positions, and older pages before the first message", async () => {
    const { host, client } = browser();
    host.answers.set("GET /api/rooms/r1/messages", ({ query }) =>
      query.get("before") === null ? history([message(8), message(9)], 10, true) : history([message(3)], 10),
    );
    void client.start();
    await serve(host);
    host.socket.says({ t: "ack", id: "other", room: "r1", seq: 4, at: "", dup: false, noop: false });
    await client.openRoom("r1");
    expect(client.getState().rooms.get("r1")).toMatchObject({ hasMore: true, loaded: true, description: "Talk", pins: [9], membersLoaded: true });
    expect(client.getState().rooms.get("r1")?.messages[1]).toMatchObject({ seq: 9, pinned: true });
    await Promise.all([client.loadOlder("r1"), client.loadOlder("r1")]);
    const asked = host.asked.filter(({ path }) => path === "/api/rooms/r1/messages");
    expect(asked.map(({ query }) => Object.fromEntries(query))).toEqual([
      { limit: "50", min_seq: "10" },
      { limit: "50", min_seq: "10", before: "8" },
    ]);
    expect(asked[0]?.headers.get("Palaver-Epoch")).toBe("e1");
    expect(client.getState().rooms.get("r1")).toMatchObject({ hasMore: false });
  });

  it("reports why a page failed to load, and loads it again after a reconnect", async () => {
    const { host, client } = browser();
    host.answers.set("GET /api/rooms/r1/messages", () => ({ status: 503, body: { code: "unavailable", detail: "Later.", retry_ms: 100 } }));
    void client.start();
    await serve(host);
    await expect(client.openRoom("r1")).rejects.toMatchObject({ code: "unavailable", retryMs: 100, message: "Later." });
    expect(client.getState().rooms.get("r1")?.loadFailure).toEqual({ code: "unavailable", message: "Later." });
    host.answers.set("GET /api/rooms/r1/messages", () => history([message(9)]));
    host.socket.closes(1006);
    client.reconnectNow();
    await serve(host);
    expect(client.getState().rooms.get("r1")).toMatchObject({ loaded: true, loadFailure: null });
  });

  it("loads again after a reset of the open room", async () => {
    const { host, client } = browser();
    host.answers.set("GET /api/rooms/r1/messages", ({ query }) => history([message(Number(query.get("min_seq")))], 99));
    void client.start();
    await serve(host);
    await client.openRoom("r1");
    host.socket.says({ t: "ping", heads: { r1: 90 } });
    const fill = host.socket.of("fill").at(-1)!;
    expect(fill).toMatchObject({ room: "r1", after: 10 });
    host.socket.says(sync("r1", fill.id, "reset", { head: 90, n: 80 }));
    await settle();
    expect(client.getState().rooms.get("r1")?.messages.map((m) => m.seq)).toEqual([90]);
  });

  it("keeps all messages of an open room and evicts those of the others", async () => {
    const { host, client } = browser();
    host.answers.set("GET /api/rooms/r1/messages", () => history([message(9)]));
    void client.start();
    await serve(host);
    host.socket.says(sync("@me", "?", "ok"), live(own(6, { kind: "room", op: "set", entry: entry({ id: "r2", at_seq: 3 }) })));
    host.socket.says(sync("r2", host.socket.of("resume").at(-1)!.id, "reset", { head: 10, n: 8 }));
    await client.openRoom("r1");
    for (const room of ["r1", "r2"]) host.socket.saysTogether(Array.from({ length: 700 }, (_, i) => live(message(11 + i, { room }))));
    host.socket.says({ t: "ping", heads: {} });
    host.pass(40_000);
    host.socket.says({ t: "ping", heads: {} });
    host.pass(20_000);
    const { rooms: held } = client.getState();
    expect(held.get("r1")?.messages).toHaveLength(701);
    expect(held.get("r2")?.messages.map((m) => m.seq)).toEqual(Array.from({ length: 300 }, (_, i) => 411 + i));
    expect(held.get("r2")?.hasMore).toBe(true);
  });

  it("finds a linked message by loading up to it", async () => {
    const { host, client } = browser();
    host.answers.set("GET /api/rooms/r1/messages", ({ query }) => {
      const before = Number(query.get("before") ?? 10);
      return history([message(before - 2), message(before - 1)], 10, before > 4);
    });
    host.answers.set("GET /api/rooms/r1/messages/2", () => ({ body: message(2) }));
    void client.start();
    await serve(host);
    expect(await client.loadUntil("r1", 5)).toBe(true);
    expect(client.getState().rooms.get("r1")?.messages[0]?.seq).toBe(4);
    expect(await client.loadMessage("r1", 2)).toMatchObject({ seq: 2, text: "text 2" });
    expect(await client.loadMessage("r1", 1)).toBeNull();
    expect(await client.loadUntil("r1", 1)).toBe(false);
  });
});

describe("logs", () => {
  it("fills a gap, with one fill in flight, and resumes a room that was added", async () => {
    const { host, client } = browser();
    void client.start();
    await serve(host);
    host.socket.says(live(message(12)), live(message(13)));
    expect(host.socket.of("fill")).toMatchObject([{ room: "r1", after: 10 }]);
    host.socket.says(sync("r1", host.socket.of("fill")[0]!.id, "more", { events: [message(11), message(12)] }));
    expect(host.socket.of("fill").map((fill) => fill.after)).toEqual([10, 12]);
    host.socket.says(live(own(6, { kind: "room", op: "set", entry: entry({ id: "r2", at_seq: 3 }) })));
    expect(host.socket.of("resume").at(-1)?.cursors).toEqual({ r2: null });
    host.socket.says(live(member(11, ME, "left", { room: "r2" })));
    expect([...client.getState().rooms.keys()]).toEqual(["r1", "r2"]);
  });

  it("resumes a thousand rooms in frames that the server accepts", async () => {
    const { host, client } = browser();
    void client.start();
    await settle();
    host.socket.opens();
    const many = Array.from({ length: 1_000 }, (_, i) => entry({ id: `0192c0de-0000-7000-8000-${String(i).padStart(12, "0")}` }));
    host.socket.says(welcome(), rooms(many.slice(0, 500), 5, true), rooms(many.slice(500), undefined));
    const resumes = host.socket.of("resume");
    expect(resumes.flatMap((frame) => Object.keys(frame.cursors))).toHaveLength(1_001);
    for (const frame of resumes) expect(JSON.stringify(frame).length).toBeLessThan(64 * 1024);
    expect(client.getState().rooms.size).toBe(1_000);
  });

  it("notifies listeners once for a whole delivery", async () => {
    const { host, client } = browser();
    void client.start();
    await serve(host);
    let heard = 0;
    const stop = client.subscribe(() => void heard++);
    host.socket.saysTogether(Array.from({ length: 50 }, (_, i) => live(message(11 + i))));
    await settle();
    expect(heard).toBe(1);
    const before = client.getState();
    expect(client.getState()).toBe(before);
    stop();
    host.socket.says(live(message(61)));
    await settle();
    expect(heard).toBe(1);
  });
});

describe("marks and typing", () => {
  it("sends a mark at most once a second, the last one always, and resends it when the list shows a lower one", async () => {
    const { host, client } = browser();
    void client.start();
    await serve(host);
    for (let seq = 11; seq <= 14; seq++) {
      host.socket.says(live(message(seq)));
      client.markRead("r1");
    }
    host.pass(1_000);
    expect(host.socket.of("read").map((frame) => frame.seq)).toEqual([11, 14]);
    expect(client.getState().rooms.get("r1")).toMatchObject({ unread: 0, readSeq: 14 });
    // Entries beyond the cursor, known only by the head, cannot have been read.
    host.socket.says({ t: "ping", heads: { r1: 99 } });
    client.markRead("r1", 99);
    host.pass(1_000);
    expect(host.socket.of("read")).toHaveLength(2);
    host.socket.closes(1006);
    client.reconnectNow();
    await serve(host, { head: 14 });
    expect(host.socket.of("read").map((frame) => frame.seq)).toEqual([14]);
  });

  it("signals typing at most every 3 s, and expires the typing of others", async () => {
    const { host, client } = browser();
    void client.start();
    await serve(host);
    client.typing("r1", true);
    client.typing("r1", true);
    host.pass(3_000);
    client.typing("r1", true);
    client.typing("r1", false);
    client.typing("r1", false);
    expect(host.socket.of("typing").map((frame) => frame.on)).toEqual([true, true, false]);
    host.socket.says({ t: "signal", room: "r1", kind: "typing", by: BOB, ttl_ms: 5_000 });
    expect(client.getState().rooms.get("r1")?.typing).toEqual([BOB]);
    host.pass(6_000);
    expect(client.getState().rooms.get("r1")?.typing).toEqual([]);
  });

  it("watches again after a disconnect", async () => {
    const { host, client } = browser();
    void client.start();
    await serve(host);
    client.watchPresence([BOB.id]);
    host.socket.closes(1006);
    client.reconnectNow();
    await serve(host);
    expect(host.socket.of("watch")).toEqual([{ t: "watch", users: [BOB.id] }]);
  });
});

describe("requests", () => {
  it("carry a key and the head for appends, and renew the token once after a 401", async () => {
    const { host, client } = browser();
    void client.start();
    await serve(host);
    let tries = 0;
    host.answers.set("PUT /api/rooms/r1/pins/9", ({ headers }) => {
      tries += 1;
      return headers.get("Authorization") === "Bearer t1" ? { status: 401, body: { code: "unauthenticated", detail: "" } } : { body: {} };
    });
    await client.pin("r1", 9, true);
    expect(tries).toBe(2);
    const asked = host.asked.filter(({ path }) => path === "/api/rooms/r1/pins/9");
    expect(asked[0]?.headers.get("Idempotency-Key")).toMatch(/^[0-9a-f-]{36}$/);
    expect(asked[1]?.headers.get("Idempotency-Key")).toBe(asked[0]?.headers.get("Idempotency-Key"));
    expect(asked[1]?.query.get("seen")).toBe("10");
  });

  it("become typed errors", async () => {
    const { host, client } = browser();
    void client.start();
    await serve(host);
    await expect(client.kick("r1", "nobody")).rejects.toBeInstanceOf(PalaverError);
    host.answers.set("POST /api/rooms/r1/kick", () => Promise.reject(new TypeError("down")));
    await expect(client.kick("r1", "nobody")).rejects.toMatchObject({ code: "network", status: 0 });
  });

  it("upload with progress and can be cancelled", async () => {
    const { host, client } = browser();
    void client.start();
    await serve(host);
    const file = { id: "f1", name: "a.png", content_type: "image/png", size: 3, thumbnail: true };
    host.answers.set("POST /api/files/upload", () => ({ status: 201, body: file }));
    const progress: number[] = [];
    const uploaded = await client.upload("r1", new Blob(["abc"]), { onProgress: (sent) => void progress.push(sent) });
    expect(uploaded).toMatchObject({ id: "f1", type: "image/png", thumbnail: true });
    expect(progress).toEqual([50]);
    await expect(client.upload("r1", new Blob(["abc"]), { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: "AbortError" });
    client.send("r1", { text: "", files: [uploaded] });
    await settle();
    expect(host.socket.of("send")[0]?.files).toEqual(["f1"]);
  });

  it("show settings of a room at once and revert them when refused", async () => {
    const { host, client } = browser();
    void client.start();
    await serve(host);
    const done = client.setLevel("r1", "none");
    expect(client.getState().rooms.get("r1")?.level).toBe("none");
    await expect(done).rejects.toMatchObject({ code: "not_found" });
    expect(client.getState().rooms.get("r1")?.level).toBe("all");
  });
});

describe("leaving", () => {
  it("logout deletes everything of the user on this device", async () => {
    const { host, client } = browser();
    void client.start();
    await serve(host);
    client.setDraft("r1", { text: "secret" });
    host.hide();
    await settle();
    await client.logout();
    expect(client.getState()).toMatchObject({ session: "signed_out", me: null });
    expect(client.getState().rooms.size).toBe(0);
    expect((await indexedDB.databases()).map(({ name }) => name)).toEqual(["db"]);
  });

  it("a logout that did not reach the server is sent at the next start", async () => {
    const first = browser();
    void first.client.start();
    await serve(first.host);
    first.host.answers.set("POST /api/auth/logout", () => Promise.reject(new TypeError("down")));
    await first.client.logout();
    expect(first.client.getState().session).toBe("signed_out");
    first.client.stop();
    const second = browser();
    await second.client.start();
    expect(second.client.getState().session).toBe("signed_out");
    expect(second.host.asked.map(({ path }) => path)).toEqual(["/api/auth/logout", "/api/auth/refresh"]);
  });

  it("a session that ends elsewhere signs out here, and other tabs follow a logout", async () => {
    const one = browser();
    const two = browser();
    void one.client.start();
    await serve(one.host);
    void two.client.start();
    await serve(two.host);
    await one.client.logout();
    await settle();
    expect(two.client.getState().session).toBe("signed_out");

    await one.client.guest({ name: "ada" });
    await serve(one.host);
    one.cookie.user = null;
    one.host.socket.closes(4501);
    await settle();
    expect(one.client.getState().session).toBe("signed_out");
  });

  it("a cookie of another user switches to that user, and nothing of the first is sent as the second", async () => {
    const { host, client, cookie } = browser();
    void client.start();
    await serve(host);
    host.socket.closes(1006);
    client.send("r1", "only as ada");
    cookie.user = { ...ME, id: "u-eve", name: "eve" };
    host.pass(900_000);
    await settle();
    client.reconnectNow();
    await settle();
    expect(client.getState()).toMatchObject({ me: { id: "u-eve" } });
    expect(client.getState().outbox).toEqual([]);
    expect(host.sockets.flatMap((socket) => socket.of("send"))).toEqual([]);
  });
});

describe("tabs", () => {
  it("share one refresh", async () => {
    const one = browser();
    const two = browser();
    void one.client.start();
    await serve(one.host);
    void two.client.start();
    await serve(two.host);
    const refreshes = () => [...one.host.asked, ...two.host.asked].filter(({ path }) => path === "/api/auth/refresh").length;
    const before = refreshes();
    // Both tokens are about to expire at the same time.
    one.host.pass(880_000);
    two.host.pass(880_000);
    for (const { host } of [one, two]) host.answers.set("GET /api/auth/users", () => ({ body: { items: [], next: null } }));
    await Promise.all([one.client.findUsers("b"), two.client.findUsers("b")]);
    expect(refreshes() - before).toBe(1);
  });
});

describe("a refused request for a page", () => {
  const refused = (re: string, of: string, code: string, rest: object = {}) =>
    ({ t: "error", id: re, of, room: "r1", code, message: "Not now.", ...rest }) as ServerFrame;

  /** Live in `r1` at 10, with a gap before 12 that was asked for. */
  async function withGap() {
    const { host, client } = browser();
    void client.start();
    await serve(host);
    host.socket.says(live(message(12)));
    const [fill] = host.socket.of("fill");
    expect(fill).toMatchObject({ room: "r1", after: 10 });
    return { host, client, re: fill!.id, resumes: () => host.socket.of("resume").slice(1) };
  }

  it("is made again after the time that the server names, and not before", async () => {
    const { host, client, re, resumes } = await withGap();
    host.socket.says(refused(re, "fill", "unavailable", { retry_ms: 2_000 }));
    host.socket.says({ t: "ping", heads: { r1: 12 } });
    host.pass(1_900);
    expect([host.socket.of("fill").length, resumes().length]).toEqual([1, 0]);
    host.pass(1_000);
    expect(resumes().map(({ cursors }) => cursors)).toEqual([{ r1: 10 }]);

    host.socket.says(sync("r1", resumes()[0]!.id, "ok", { events: [message(11), message(12)] }));
    expect(client.getState().rooms.get("r1")?.unread).toBe(4);
    host.pass(60_000);
    expect(resumes()).toHaveLength(1);
  });

  it("backs off, and resets the room where a repeat would be refused again", async () => {
    const { host, re, resumes } = await withGap();
    const waits: number[] = [];
    let asked = re;
    for (let time = 0; time < 4; time++) {
      host.socket.says(refused(asked, "resume", "overloaded"));
      const before = host.now();
      while (resumes().length === time) host.pass(50);
      waits.push(host.now() - before);
      asked = resumes().at(-1)!.id;
    }
    expect(waits[3]).toBeGreaterThan(4 * waits[0]!);
    host.socket.says(refused(asked, "resume", "bad_request"));
    host.pass(30_000);
    expect(resumes().at(-1)!.cursors).toEqual({ r1: null });
  });

  it("of the list's own request leaves the client syncing until it is answered", async () => {
    const { host, client } = browser();
    void client.start();
    await settle();
    host.socket.opens();
    host.socket.says(welcome(), rooms([entry()]));
    const [resume] = host.socket.of("resume");
    host.socket.says({ ...refused(resume!.id, "resume", "unavailable"), room: null } as ServerFrame);
    expect(client.getState().connection.status).toBe("syncing");
    host.pass(1_000);
    const again = host.socket.of("resume").at(-1)!;
    expect(again.cursors).toEqual({ "@me": 5, r1: null });
    host.socket.says(sync("@me", again.id, "ok"), sync("r1", again.id, "reset", { head: 10, n: 8 }));
    expect(client.getState().connection.status).toBe("online");
  });

  it("is forgotten with its connection", async () => {
    const { host, re } = await withGap();
    host.socket.says(refused(re, "fill", "unavailable"));
    const { socket } = host;
    socket.closes(1006);
    host.pass(60_000);
    expect(socket.of("resume")).toHaveLength(1);
  });
});
