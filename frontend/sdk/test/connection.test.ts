import { beforeEach, describe, expect, it } from "vitest";
import { Connection } from "../src/connection/connection.ts";
import { backOff } from "../src/connection/back-off.ts";
import type { ConnectionView, Trouble } from "../src/types.ts";
import type { ServerFrame } from "../src/wire.ts";
import { FakeHost, settle } from "./support/fake-host.ts";
import { message, live, welcome } from "./support/frames.ts";

class SignedOut extends Error {}

let host: FakeHost;
let status: Partial<ConnectionView>;
let statuses: string[];
let frames: ServerFrame[][];
let signedOut: number;
let trouble: Trouble | null;
let closed: number;
let tokens: string[];
let endpoint: () => Promise<{ url: string; token: string | null }>;
let connection: Connection;

beforeEach(() => {
  host = new FakeHost();
  status = {};
  statuses = [];
  frames = [];
  signedOut = 0;
  trouble = null;
  closed = 0;
  tokens = ["t1"];
  endpoint = async () => ({ url: "ws://palaver.test/v1/ws", token: tokens[tokens.length - 1]! });
  let ids = 0;
  connection = new Connection({
    host,
    endpoint: () => endpoint(),
    renewToken: async () => {
      tokens.push(`t${tokens.length + 1}`);
      return tokens[tokens.length - 1]!;
    },
    epoch: () => "e1",
    newId: () => `p${++ids}`,
    onFrames: (batch) => frames.push([...batch]),
    onStatus: (change) => {
      status = { ...status, ...change };
      if (change.status !== undefined) statuses.push(change.status);
    },
    onClosed: () => void closed++,
    onSignedOut: () => void signedOut++,
    isSignedOut: (error) => error instanceof SignedOut,
    diagnose: async () => trouble,
  });
});

async function open(): Promise<void> {
  connection.start();
  await settle();
  host.socket.opens();
  host.socket.says(welcome());
}

/** Lets the backoff pass, however long it is. */
async function comeBack(): Promise<void> {
  host.pass(host.nextTimer() ?? 30_000);
  await settle();
}

describe("signing in", () => {
  it("says hello with token and epoch, and asks for batches", async () => {
    await open();
    expect(host.socket.sent).toEqual([{ t: "hello", v: 1, token: "t1", epoch: "e1", caps: [], batch: true }]);
    expect(status).toMatchObject({ status: "syncing", node: "n1", online: 2 });
  });

  it("leaves the token out when a ticket is in the address", async () => {
    endpoint = async () => ({ url: "ws://palaver.test/v1/ws?ticket=x", token: null });
    await open();
    expect(host.socket.sent[0]).not.toHaveProperty("token");
  });

  it("sends nothing before the welcome", async () => {
    connection.start();
    await settle();
    expect(connection.send({ t: "typing", room: "r1", on: true })).toBe(false);
    host.socket.opens();
    expect(connection.send({ t: "typing", room: "r1", on: true })).toBe(false);
  });

  it("gives up on a server that never sends a welcome, and reconnects", async () => {
    connection.start();
    await settle();
    host.socket.opens();
    host.pass(10_000);
    expect(host.sockets[0]?.closedWith).toBe(1000);
    expect(status.status).toBe("waiting");
    await comeBack();
    expect(host.sockets).toHaveLength(2);
  });

  it("gives up on a token request that never answers", async () => {
    endpoint = () => new Promise(() => undefined);
    connection.start();
    host.pass(10_000);
    expect(status.status).toBe("waiting");
  });

  it("stops when the session has ended", async () => {
    endpoint = () => Promise.reject(new SignedOut());
    connection.start();
    await settle();
    expect([status.status, signedOut]).toEqual(["refused", 1]);
    expect(host.nextTimer()).toBeNull();
  });
});

describe("frames", () => {
  it("takes arrays as several frames of one delivery, in order", async () => {
    await open();
    host.socket.saysTogether([live(message(1)), live(message(2))]);
    expect(frames.at(-1)?.map((frame) => (frame as { seq: number }).seq)).toEqual([1, 2]);
  });

  it("survives data that is not of the protocol", async () => {
    await open();
    const before = frames.length;
    host.socket.onmessage?.({ data: "nonsense" });
    host.socket.onmessage?.({ data: new ArrayBuffer(2) });
    host.socket.onmessage?.({ data: "[1,null,{\"no\":\"t\"}]" });
    expect(frames).toHaveLength(before);
    expect(connection.isOpen).toBe(true);
  });

  it("answers pings", async () => {
    await open();
    host.socket.says({ t: "ping", heads: {} });
    expect(host.socket.of("pong")).toHaveLength(1);
  });

  it("renews the token in place when it is about to expire", async () => {
    await open();
    host.socket.says({ t: "expiring", in_ms: 60_000 });
    await settle();
    expect(host.socket.of("auth")).toEqual([{ t: "auth", id: "p1", token: "t2" }]);
  });
});

describe("breaks", () => {
  it("reconnects with full jitter that doubles up to 30 s", () => {
    expect([1, 2, 3, 10].map((attempt) => backOff(attempt, () => 0.999_999))).toEqual([1_000, 2_000, 4_000, 30_000]);
    expect(backOff(10, () => 0)).toBe(0);
  });

  it("waits longer each time and resets the backoff after a stable connection", async () => {
    host.luck = 0.5;
    await open();
    host.pass(11_000);
    host.socket.closes(1006);
    expect(status).toMatchObject({ status: "waiting", attempt: 1, retryAt: host.now() + 500, closeCode: 1006 });
    host.pass(500);
    await settle();
    host.socket.closes(1006);
    expect(status).toMatchObject({ attempt: 2, retryAt: host.now() + 1_000 });
    host.pass(1_000);
    await settle();
    host.socket.opens();
    host.socket.says(welcome());
    host.pass(10_000);
    host.socket.closes(1006);
    expect(status.attempt).toBe(1);
  });

  it("does not hammer a server that closes right after the welcome", async () => {
    await open();
    host.socket.closes(4413);
    expect(status.attempt).toBe(1);
    await comeBack();
    host.socket.opens();
    host.socket.says(welcome());
    host.socket.closes(4413);
    expect(status.attempt).toBe(2);
  });

  it.each([4401, 4408, 4412, 4413, 4429, 1000, 1001, 1006])("reconnects after %i", async (code) => {
    await open();
    host.socket.closes(code);
    await comeBack();
    expect(host.sockets).toHaveLength(2);
    expect(closed).toBe(1);
  });

  it.each([4500, 4503, 4504])("does not reconnect after %i, unless asked to", async (code) => {
    await open();
    host.socket.closes(code);
    await comeBack();
    expect(host.sockets).toHaveLength(1);
    expect(status).toMatchObject({ status: "refused", closeCode: code });
    connection.reconnectNow();
    await settle();
    expect(host.sockets).toHaveLength(2);
  });

  it("is signed out after 4501", async () => {
    await open();
    host.socket.closes(4501);
    expect([status.status, signedOut]).toEqual(["refused", 1]);
  });

  it("renews the token after 4401", async () => {
    await open();
    host.socket.closes(4401);
    await comeBack();
    host.socket.opens();
    expect(host.socket.of("hello")[0]?.token).toBe("t2");
  });

  it("reconnects at once on request", async () => {
    await open();
    host.socket.closes(1006);
    connection.reconnectNow();
    await settle();
    expect(host.sockets).toHaveLength(2);
  });

  it("ignores late events of an earlier socket", async () => {
    await open();
    const old = host.socket;
    const { onmessage, onclose } = old;
    host.socket.closes(1006);
    await comeBack();
    const before = frames.length;
    onmessage?.({ data: JSON.stringify(live(message(1))) });
    onclose?.({ code: 4503, reason: "" });
    expect(frames).toHaveLength(before);
    expect(status.status).not.toBe("refused");
  });

  it("leaves a draining node when it says so, and not before", async () => {
    await open();
    host.socket.says({ t: "goaway", delay_ms: 7_300, reason: "drain" });
    host.pass(7_299);
    expect(host.sockets).toHaveLength(1);
    host.pass(1);
    await settle();
    expect(host.sockets[0]?.closedWith).toBe(1000);
    expect(host.sockets).toHaveLength(2);
  });

  it("opens nothing after a stop", async () => {
    await open();
    connection.stop();
    await comeBack();
    expect(host.sockets).toHaveLength(1);
    expect([status.status, host.nextTimer()]).toEqual(["offline", null]);
  });
});

describe("a socket that hangs", () => {
  it("is dropped after a silence of twice the heartbeat; any frame counts as a sign of life", async () => {
    await open();
    host.pass(40_000);
    host.socket.says({ t: "ping", heads: {} });
    host.pass(49_000);
    expect(connection.isOpen).toBe(true);
    host.pass(51_000);
    await settle();
    expect(host.sockets[0]?.closedWith).toBe(4000);
    await comeBack();
    expect(host.sockets.length).toBeGreaterThan(1);
  });

  it("is pinged before it is dropped, and any answer keeps it", async () => {
    await open();
    host.pass(37_500);
    const ping = host.socket.of("ping")[0];
    host.socket.says({ t: "pong", id: ping?.id ?? "", now: "" });
    host.pass(49_000);
    expect(connection.isOpen).toBe(true);
  });

  it("is pinged after a wake-up", async () => {
    await open();
    connection.wake();
    const ping = host.socket.of("ping")[0];
    host.pass(120);
    host.socket.says({ t: "pong", id: ping?.id ?? "", now: "" });
    expect(status.latencyMs).toBe(120);
    host.pass(5_000);
    expect(host.sockets).toHaveLength(1);
    connection.wake();
    host.pass(5_000);
    await settle();
    expect(host.sockets).toHaveLength(2);
  });

  it("a waiting client reconnects at once when the page is shown", async () => {
    await open();
    host.socket.closes(1006);
    connection.wake();
    await settle();
    expect(host.sockets).toHaveLength(2);
  });
});

describe("a socket that never opens", () => {
  const fail = async () => {
    host.socket.closes(1006);
    await settle();
  };

  it("names what the operator has to set, at once if the server says it", async () => {
    trouble = { kind: "origin", message: "Not from there." };
    connection.start();
    await settle();
    await fail();
    expect(status).toMatchObject({ status: "waiting", trouble: { kind: "origin" } });
    // The attempts go on, and a welcome ends the trouble.
    await comeBack();
    host.socket.opens();
    host.socket.says(welcome());
    expect(status).toMatchObject({ status: "syncing", trouble: null });
  });

  it("is no trouble of the operator's while it may pass by itself", async () => {
    trouble = { kind: "socket", message: "" };
    connection.start();
    await settle();
    for (let n = 1; n <= 3; n++) {
      await fail();
      expect(status.trouble ?? null, `attempt ${n}`).toEqual(n < 3 ? null : trouble);
      await comeBack();
    }
    // The network went away: nothing is known about the server now.
    trouble = null;
    await fail();
    expect(status.trouble).toBeNull();
  });

  it("is not asked about when it had opened", async () => {
    trouble = { kind: "origin", message: "" };
    await open();
    host.socket.closes(1006);
    await settle();
    expect(status.trouble ?? null).toBeNull();
  });
});
