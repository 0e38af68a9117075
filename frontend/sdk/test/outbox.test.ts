import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, describe, expect, it } from "vitest";
import type { Locks } from "../src/host/host.ts";
import { IdMaker, newTag } from "../src/outbox/ids.ts";
import { Outbox } from "../src/outbox/outbox.ts";
import { EMPTY_CORE, type Core } from "../src/state/model.ts";
import { reduce, type CoreEvent } from "../src/state/reducer.ts";
import { indexedDbStorage } from "../src/storage/indexed-db.ts";
import type { UserStore } from "../src/storage/storage.ts";
import type { ChangeFrame, ServerFrame } from "../src/wire.ts";
import { FakeHost, fakeLocks, settle } from "./support/fake-host.ts";
import { ME, entry, live, message, rooms, sync, welcome } from "./support/frames.ts";

/** One tab: a state, an outbox, and a wire that the test reads. */
class Tab {
  core: Core = EMPTY_CORE;
  sent: ChangeFrame[] = [];
  connected = false;
  renewals = 0;
  outbox!: Outbox;
  disk!: UserStore;

  readonly host: FakeHost;

  constructor(host: FakeHost) {
    this.host = host;
  }

  static async open(locks: Locks, epoch = "e1", host = new FakeHost({ locks })): Promise<Tab> {
    host.random = Math.random;
    const tab = new Tab(host);
    tab.disk = await indexedDbStorage("test").open(ME.id);
    tab.outbox = new Outbox({
      host,
      store: tab.disk,
      core: () => tab.core,
      dispatch: (event) => tab.dispatch(event),
      isReady: () => tab.connected,
      transmit: (frame) => void tab.sent.push(frame),
      renewToken: async () => void tab.renewals++,
    });
    const items = await tab.outbox.open();
    tab.dispatch({ type: "session", session: "signed_in", me: ME });
    tab.dispatch({ type: "restored", restored: { core: {}, outbox: items } });
    tab.says(welcome(epoch), rooms([entry(), entry({ id: "r2", head: 5 })]));
    tab.dispatch({ type: "asked", logs: ["r1", "r2", "@me"], re: "q" });
    tab.says(sync("r1", "q", "reset", { head: 10, n: 8, epoch }), sync("r2", "q", "reset", { head: 5, n: 5, epoch }));
    return tab;
  }

  dispatch(event: CoreEvent): void {
    const before = this.core;
    this.core = reduce(before, event);
    this.outbox.changed(before.outbox, this.core.outbox);
  }
  says(...frames: ServerFrame[]): void {
    for (const frame of frames) {
      this.dispatch({ type: "frames", frames: [frame], now: this.host.now() });
      if (frame.t === "error") this.outbox.refusedForNow(frame);
    }
  }
  async goOnline(): Promise<void> {
    this.connected = true;
    this.outbox.connected();
    await settle();
  }
  breaks(): void {
    this.connected = false;
    this.outbox.disconnected();
  }
  async send(text: string, room = "r1"): Promise<string> {
    const id = this.outbox.put({ room, kind: "send", text });
    await settle();
    return id;
  }
  /** Closes the page: everything in memory is lost, and the browser releases the locks. */
  gone(): void {
    this.breaks();
    this.outbox.close();
    this.disk.close();
  }
  texts = () => this.sent.map((frame) => (frame.t === "send" ? frame.text : frame.t));
}

const ack = (id: string, seq: number | null, room = "r1"): ServerFrame => ({ t: "ack", id, room, seq, at: "", dup: false, noop: seq === null });
const refuse = (id: string, code: string, retry_ms?: number): ServerFrame => ({ t: "error", id, of: "send", room: "r1", code, message: `because ${code}`, ...(retry_ms === undefined ? {} : { retry_ms }) });

let locks: Locks;
beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
  locks = fakeLocks();
});

describe("ids", () => {
  it("are UUIDv7, ascend and share the tag, even when the clock stands still, goes back, or the page is new", () => {
    const tag = newTag(Math.random);
    let now = 1_790_000_000_000;
    const ids: string[] = [];
    let maker = new IdMaker(tag, null, () => now);
    for (let i = 0; i < 5_000; i++) ids.push(maker.next());
    now -= 60_000;
    ids.push(maker.next());
    maker = new IdMaker(tag, ids.at(-1)!, () => now);
    ids.push(maker.next());
    now += 120_000;
    ids.push(maker.next());
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(new Set(ids.map((id) => id.slice(19)))).toEqual(new Set([`${tag.slice(0, 4)}-${tag.slice(4)}`]));
  });
});

describe("before the first attempt", () => {
  it("the change is on disk, with the id and the seen that are sent", async () => {
    const tab = await Tab.open(locks);
    await tab.goOnline();
    const stored: unknown[] = [];
    tab.outbox.put({ room: "r1", kind: "send", text: "hi" });
    expect(tab.sent).toEqual([]);
    for (let turn = 0; turn < 50 && tab.sent.length === 0; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (tab.sent.length > 0) stored.push(...(await tab.disk.items(tab.core.outbox[0]!.tag)));
    }
    expect(stored).toMatchObject([{ id: tab.sent[0]?.id, seen: 10, epoch: "e1" }]);
    expect(tab.sent[0]).toMatchObject({ t: "send", seen: 10, text: "hi" });
  });

  it("nothing is sent until the disk has answered, whatever else happens", async () => {
    const tab = await Tab.open(locks);
    await tab.goOnline();
    const { disk } = tab;
    const put = disk.putItem.bind(disk);
    let answer = () => {};
    const slow = new Promise<void>((resolve) => {
      answer = resolve;
    });
    disk.putItem = async (item) => {
      await slow;
      return put(item);
    };
    await tab.send("a");
    await tab.goOnline();
    tab.host.pass(60_000);
    expect(tab.sent).toEqual([]);
    answer();
    await settle();
    expect(tab.texts()).toEqual(["a"]);
  });

  it("seen is taken at the first attempt, not when the change was typed", async () => {
    const tab = await Tab.open(locks);
    await tab.send("typed while offline");
    tab.says(live(message(11)), live(message(12)));
    await tab.goOnline();
    expect(tab.sent).toMatchObject([{ seen: 12 }]);
  });

  it("a failing disk does not keep the user from writing", async () => {
    const tab = await Tab.open(locks);
    tab.disk.putItem = () => Promise.reject(new DOMException("full", "QuotaExceededError"));
    await tab.goOnline();
    await tab.send("hi");
    expect(tab.texts()).toEqual(["hi"]);
  });
});

describe("on the wire", () => {
  it("there is one change per room, in the order made; rooms do not wait for each other", async () => {
    const tab = await Tab.open(locks);
    await tab.goOnline();
    const a = await tab.send("a");
    const b = await tab.send("b");
    await tab.send("c", "r2");
    expect(tab.texts()).toEqual(["a", "c"]);
    tab.says(ack(a, 11));
    await settle();
    expect(tab.texts()).toEqual(["a", "c", "b"]);
    expect(a < b).toBe(true);
    // An acked entry counts as seen, though its event has not arrived.
    expect(tab.sent[2]).toMatchObject({ seen: 11 });
    expect((await tab.disk.items(tab.core.outbox[0]!.tag)).map((item) => item.text).sort()).toEqual(["b", "c"]);
  });

  it("the user's own event frees the room as an ack does", async () => {
    const tab = await Tab.open(locks);
    await tab.goOnline();
    const a = await tab.send("a");
    await tab.send("b");
    tab.says(live(message(11, { by: ME, id: a })));
    await settle();
    expect(tab.texts()).toEqual(["a", "b"]);
  });

  it("an unanswered change is resent unchanged, on the same socket and on the next", async () => {
    const tab = await Tab.open(locks);
    await tab.goOnline();
    await tab.send("a");
    tab.host.pass(8_000);
    expect(tab.sent).toHaveLength(2);
    tab.breaks();
    tab.host.pass(60_000);
    expect(tab.sent).toHaveLength(2);
    tab.says(live(message(11)));
    await tab.goOnline();
    expect(tab.sent).toHaveLength(3);
    expect(new Set(tab.sent.map((frame) => JSON.stringify(frame))).size).toBe(1);
  });

  it("a reload retries with the same id and continues with the same tag", async () => {
    const first = await Tab.open(locks);
    await first.goOnline();
    const id = await first.send("a");
    first.gone();
    const second = await Tab.open(locks);
    expect(second.core.outbox.map((item) => item.id)).toEqual([id]);
    await second.goOnline();
    expect(second.sent).toEqual(first.sent);
    const next = await second.send("b");
    expect(next.slice(19)).toBe(id.slice(19));
    expect(next > id).toBe(true);
    second.says(ack(id, 11));
    await settle();
    expect(second.texts()).toEqual(["a", "b"]);
  });

  it("an edit, a deletion, a reaction, a join and a leave use the same path", async () => {
    const tab = await Tab.open(locks);
    await tab.goOnline();
    const changes = [
      { kind: "edit", target: 9, text: "new" },
      { kind: "delete", target: 9 },
      { kind: "react", target: 9, emoji: "👍", on: false },
      { kind: "leave" },
    ] as const;
    for (const [i, change] of changes.entries()) {
      const id = tab.outbox.put({ room: "r1", ...change });
      await settle();
      tab.says(ack(id, i === 3 ? null : 11 + i));
      await settle();
    }
    tab.outbox.put({ room: "lobby", kind: "join" });
    tab.outbox.put({ room: "r9", kind: "join", seen: 40 });
    await settle();
    expect(tab.sent.map(({ id: _, ...frame }) => frame)).toEqual([
      { t: "edit", room: "r1", target: 9, text: "new", seen: 10 },
      { t: "delete", room: "r1", target: 9, seen: 11 },
      { t: "react", room: "r1", target: 9, emoji: "👍", on: false, seen: 12 },
      { t: "leave", room: "r1", seen: 13 },
      { t: "join", room: "lobby" },
      { t: "join", room: "r9", seen: 40 },
    ]);
    tab.says(ack(tab.sent[4]!.id!, 3, "r7"));
    await settle();
    expect(tab.core.outbox.filter((item) => item.kind === "join").map((item) => item.room)).toEqual(["r9"]);
  });
});

describe("errors", () => {
  it.each(["unavailable", "overloaded", "rate_limited", "slow_mode"])("%s keeps the change and waits as long as the server says", async (code) => {
    const tab = await Tab.open(locks);
    await tab.goOnline();
    const a = await tab.send("a");
    await tab.send("b");
    tab.says(refuse(a, code, 4_000));
    tab.host.pass(3_999);
    expect(tab.texts()).toEqual(["a"]);
    tab.host.pass(1);
    expect(tab.texts()).toEqual(["a", "a"]);
    expect(tab.sent[1]).toEqual(tab.sent[0]);
  });

  it("unavailable says why a change waits, until it is stored", async () => {
    const tab = await Tab.open(locks);
    await tab.goOnline();
    const a = await tab.send("a");
    tab.says(refuse(a, "unavailable", 4_000));
    expect(tab.core.outbox[0]).toMatchObject({ status: "sending", failure: { code: "unavailable", message: "because unavailable" } });
    tab.host.pass(4_000);
    expect(tab.texts()).toEqual(["a", "a"]);
    tab.says(ack(a, 11));
    await settle();
    expect(tab.core.outbox.filter((item) => item.failure !== null)).toEqual([]);
  });

  it("unauthenticated renews the token first", async () => {
    const tab = await Tab.open(locks);
    await tab.goOnline();
    tab.says(refuse(await tab.send("a"), "unauthenticated"));
    await settle();
    expect([tab.renewals, tab.texts()]).toEqual([1, ["a", "a"]]);
  });

  it("others are final: the next change is sent, retry makes a new change, discard removes it", async () => {
    const tab = await Tab.open(locks);
    await tab.goOnline();
    const a = await tab.send("a");
    const b = await tab.send("b");
    tab.says(refuse(a, "muted"));
    await settle();
    expect(tab.texts()).toEqual(["a", "b"]);
    expect(tab.core.outbox[0]).toMatchObject({ id: a, status: "failed", failure: { code: "muted", message: "because muted" } });
    tab.says(ack(b, 11));
    const again = tab.outbox.retry(a);
    await settle();
    expect(again).not.toBe(a);
    expect(tab.sent.at(-1)).toMatchObject({ id: again, text: "a", seen: 11 });
    tab.says(refuse(again!, "stale"));
    tab.outbox.discard(again!);
    await settle();
    expect(tab.core.outbox.filter((item) => item.seq === null)).toEqual([]);
    expect(await tab.disk.items(a.slice(19).replace("-", ""))).toEqual([]);
    expect(tab.outbox.retry(b)).toBeNull();
  });

  it("a refusal survives a reload", async () => {
    const first = await Tab.open(locks);
    await first.goOnline();
    first.says(refuse(await first.send("a"), "muted"));
    await settle();
    first.gone();
    const second = await Tab.open(locks);
    await second.goOnline();
    expect(second.core.outbox).toMatchObject([{ text: "a", status: "failed", failure: { code: "muted" } }]);
    expect(second.sent).toEqual([]);
  });
});

describe("another epoch", () => {
  it("retries attempted changes with seen 0, on this page", async () => {
    const tab = await Tab.open(locks);
    await tab.goOnline();
    await tab.send("a");
    tab.breaks();
    tab.says(welcome("e2"), rooms([entry({ head: 3 })]));
    await settle();
    await tab.goOnline();
    expect(tab.sent).toMatchObject([{ seen: 10 }, { id: tab.sent[0]?.id, text: "a", seen: 0 }]);
  });

  it("retries attempted changes with seen 0 after a reload; changes not yet attempted take the new head", async () => {
    const first = await Tab.open(locks);
    await first.goOnline();
    await first.send("a");
    await first.send("b");
    first.gone();
    const second = await Tab.open(locks, "e2");
    await second.goOnline();
    expect(second.sent).toMatchObject([{ id: first.sent[0]?.id, text: "a", seen: 0 }]);
    second.says(ack(second.sent[0]!.id!, 11));
    await settle();
    expect(second.sent[1]).toMatchObject({ text: "b", seen: 11 });
  });
});

describe("tabs", () => {
  it("send from their own outboxes, with their own tags", async () => {
    const [one, two] = [await Tab.open(locks), await Tab.open(locks)];
    await one.goOnline();
    await two.goOnline();
    const a = await one.send("a");
    const b = await two.send("b");
    expect([one.texts(), two.texts()]).toEqual([["a"], ["b"]]);
    expect(a.slice(19)).not.toBe(b.slice(19));
  });

  it("reopen their own outbox after a reload, though the previous page still holds it for a moment", async () => {
    const other = await Tab.open(locks);
    const before = await Tab.open(locks);
    const a = await before.send("a");
    const opening = Tab.open(locks, "e1", before.host);
    await settle();
    before.host.pass(500);
    before.gone();
    const after = await opening;
    expect(after.core.outbox.map((item) => item.id)).toEqual([a]);
    expect((await after.send("b")).slice(19)).toBe(a.slice(19));
    expect(other.core.outbox).toEqual([]);
  });

  it("leave alone an outbox that is free only for a moment", async () => {
    const other = await Tab.open(locks);
    const before = await Tab.open(locks);
    const a = await before.send("a");
    before.gone();
    other.host.pass(10_000);
    await settle();
    const after = await Tab.open(locks, "e1", before.host);
    other.host.pass(20_000);
    await settle();
    expect([after.core.outbox[0]?.id, other.core.outbox]).toEqual([a, []]);
  });

  it("do not wait forever for an outbox that a copy of the tab holds", async () => {
    const tab = await Tab.open(locks);
    const a = await tab.send("a");
    const opening = Tab.open(locks, "e1", tab.host);
    await settle();
    tab.host.pass(1_000);
    const copy = await opening;
    expect((await copy.send("b")).slice(19)).not.toBe(a.slice(19));
  });

  it("send the changes of a closed tab, under its ids", async () => {
    const one = await Tab.open(locks);
    const two = await Tab.open(locks);
    await two.goOnline();
    const a = await one.send("left behind");
    expect(two.core.outbox).toEqual([]);
    one.gone();
    two.host.pass(10_000);
    await settle();
    expect(two.sent).toEqual([]);
    two.host.pass(10_000);
    await settle();
    expect(two.sent).toMatchObject([{ id: a, text: "left behind" }]);
    two.says(ack(a, 11));
    await settle();
    expect(await two.disk.items(a.slice(19).replace("-", ""))).toEqual([]);
  });
});
