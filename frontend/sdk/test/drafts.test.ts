import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, describe, expect, it } from "vitest";
import { ChatClient } from "../src/index.ts";
import type { DeviceMemory, Host, Locks } from "../src/host/host.ts";
import { Clock, FakeHost, fakeChannels, fakeDevice, fakeLocks, settle } from "./support/fake-host.ts";
import { ME } from "./support/frames.ts";

let locks: Locks;
let openChannel: Host["openChannel"];
let device: () => DeviceMemory;
let clock: Clock;
let tabs = 0;
beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
  locks = fakeLocks();
  openChannel = fakeChannels();
  device = fakeDevice();
  clock = new Clock();
  tabs = 0;
});

interface Tab {
  readonly host: FakeHost;
  readonly client: ChatClient;
}

/** Opens a tab; after a reload it has the memory of the tab before. */
async function open(before?: Tab, memory: DeviceMemory | null = device()): Promise<Tab> {
  const host = new FakeHost({ locks, openChannel, clock });
  // The random numbers distinguish the tabs.
  host.luck = (tabs++ + 0.5) / 16;
  host.deviceMemory = memory;
  // Somebody has signed in here before.
  memory?.set("palaver-session:http://palaver.test", "1");
  for (const [key, value] of before?.host.memory ?? []) host.memory.set(key, value);
  host.answers.set("POST /api/auth/refresh", () => ({ body: { access_token: "t", expires_in: 900, user: ME } }));
  host.answers.set("POST /api/auth/logout", () => ({ status: 204 }));
  const client = new ChatClient({ baseUrl: "http://palaver.test", storage: "db", host });
  // Nobody answers the socket: what is tested here does not need one.
  void client.start();
  await settle();
  await settle();
  clock.now += 1;
  return { host, client };
}

/** Leaves a tab as a browser does: nothing that takes time is waited for. */
async function leave({ host, client }: Tab): Promise<void> {
  host.leave();
  // Only what ends with the page: its locks and channels.
  client.stop();
  await settle();
}

const text = ({ client }: Tab, room = "r1") => client.getDraft(room).text;

describe("a draft", () => {
  it("is on the device before the call returns, with its reply, edit and files", async () => {
    const first = await open();
    first.client.holdDraft("r1");
    const file = { key: "k1", name: "a.png", type: "image/png", size: 3, original: false, info: null, uploadedAt: null };
    const draft = { text: "half a sent", replyTo: 4, edit: { target: 9, text: "b", original: "a" }, files: [file] };
    first.client.setDraft("r1", draft);
    const kept = device().keys().filter((key) => key.startsWith("palaver-draft:"));
    expect(kept).toHaveLength(1);
    expect(JSON.parse(device().get(kept[0]!)!)).toMatchObject({ draft });
    await leave(first);
    const second = await open(first);
    expect(second.client.getDraft("r1")).toEqual(draft);
  });

  it("keeps the bytes of its files until it no longer has them", async () => {
    const first = await open();
    const file = { key: "k1", name: "a.txt", type: "text/plain", size: 2, original: false, info: null, uploadedAt: null };
    first.client.setDraft("r1", { files: [file] });
    await first.client.keepFile("k1", new Blob(["hi"]));
    // Left by a page that crashed before it noted the file, or after it sent it.
    await first.client.keepFile("orphan", new Blob(["ho"]));
    await leave(first);
    const second = await open(first);
    expect(await second.client.keptFile("k1")).not.toBeNull();
    expect(await second.client.keptFile("orphan")).toBeNull();
    second.client.setDraft("r1", { files: [] });
    await settle();
    expect(await second.client.keptFile("k1")).toBeNull();
  });

  it("works in memory where nothing may be stored, and where the memory is full", async () => {
    for (const memory of [null, { ...device(), set: () => undefined }]) {
      const tab = await open(undefined, memory);
      const release = tab.client.holdDraft("r1");
      tab.client.setDraft("r1", { text: "kept here" });
      release();
      tab.client.holdDraft("r1");
      expect(text(tab)).toBe("kept here");
      await leave(tab);
    }
  });

  it("is deleted with everything else by a sign-out", async () => {
    const tab = await open();
    tab.client.setDraft("r1", { text: "secret" });
    tab.client.setReading("r1", { seq: 3, offset: 0 });
    expect(tab.client.unsaved()).toEqual({ unsent: 0, drafts: 1 });
    await tab.client.logout();
    expect(device().keys()).toEqual([]);
    expect([...tab.host.memory.keys()].filter((key) => key.startsWith("palaver-reading"))).toEqual([]);
    expect(tab.client.unsaved()).toEqual({ unsent: 0, drafts: 0 });
  });
});

describe("two tabs", () => {
  it("with one room on the screen keep what they show", async () => {
    const [one, two] = [await open(), await open()];
    one.client.holdDraft("r1");
    two.client.holdDraft("r1");
    one.client.setDraft("r1", { text: "from one" });
    two.client.setDraft("r1", { text: "from two" });
    expect([text(one), text(two)]).toEqual(["from one", "from two"]);
    await leave(one);
    expect(text(two), "a draft that is left does not appear under the user's eyes").toBe("from two");
    const again = await open(one);
    again.client.holdDraft("r1");
    await leave(two);
    const other = await open(two);
    other.client.holdDraft("r1");
    expect([text(again), text(other)]).toEqual(["from one", "from two"]);
  });

  it("share the draft of a room that neither shows, and the newest change counts", async () => {
    const [one, two] = [await open(), await open()];
    const release = one.client.holdDraft("r1");
    one.client.setDraft("r1", { text: "began" });
    expect(text(two), "it belongs to the tab that shows it").toBe("");
    release();
    expect(text(two)).toBe("began");
    two.client.holdDraft("r1");
    two.client.setDraft("r1", { text: "began and went on" });
    expect(text(one), "it belongs to the other tab now").toBe("");
    two.client.setDraft("r1", { text: "" });
    one.client.holdDraft("r1");
    expect(text(one), "what was sent does not come back").toBe("");
  });

  it("lose nothing: a second draft is shown once the first is gone", async () => {
    const [one, two] = [await open(), await open()];
    const [leaveOne, leaveTwo] = [one.client.holdDraft("r1"), two.client.holdDraft("r1")];
    one.client.setDraft("r1", { text: "older" });
    clock.now += 1;
    two.client.setDraft("r1", { text: "newer" });
    leaveOne();
    leaveTwo();
    await leave(one);
    await leave(two);
    const tab = await open();
    const shown = [text(tab)];
    const release = tab.client.holdDraft("r1");
    tab.client.setDraft("r1", { text: "" });
    expect(text(tab), "nothing appears in a field that was just emptied").toBe("");
    release();
    tab.client.holdDraft("r1");
    shown.push(text(tab));
    expect(shown.toSorted()).toEqual(["newer", "older"]);
  });

  it("find the draft of a tab that crashed", async () => {
    const one = await open();
    one.client.holdDraft("r1");
    one.client.setDraft("r1", { text: "survives" });
    const key = device().keys().find((one) => one.startsWith("palaver-draft:"))!;
    const crashed = device().get(key)!;
    await leave(one);
    device().set(key, crashed);
    expect(JSON.parse(crashed)).toMatchObject({ shown: true });
    expect(text(await open())).toBe("survives");
  });
});

describe("what is unsaved", () => {
  it("counts rooms with a draft, and not an edit without a change", async () => {
    const tab = await open();
    tab.client.setDraft("r1", { edit: { target: 3, text: "same", original: "same" } });
    tab.client.setDraft("r2", { replyTo: 3 });
    expect(tab.client.unsaved().drafts).toBe(0);
    tab.client.setDraft("r1", { edit: { target: 3, text: "other", original: "same" } });
    expect(tab.client.unsaved().drafts).toBe(1);
    tab.client.send("r2", "waits for a socket");
    expect(tab.client.unsaved()).toEqual({ unsent: 1, drafts: 1 });
  });
});

describe("where the user was reading", () => {
  it("is kept for each room and tab, and evicts the oldest", async () => {
    const one = await open();
    one.client.setReading("r1", { seq: 40, offset: 12 });
    one.client.setReading("r2", { seq: 7, offset: 0 });
    one.client.setReading("r2", null);
    await leave(one);
    const again = await open(one);
    expect(again.client.getReading("r1")).toEqual({ seq: 40, offset: 12 });
    expect(again.client.getReading("r2")).toBeNull();
    for (let n = 0; n < 100; n++) again.client.setReading(`room ${n}`, { seq: n, offset: 0 });
    expect(again.client.getReading("r1")).toBeNull();
    expect(again.client.getReading("room 99")).toEqual({ seq: 99, offset: 0 });
  });
});

describe("the server's configuration", () => {
  it("is asked once, and again after a failure", async () => {
    const { host, client } = await open();
    await expect(client.config()).rejects.toMatchObject({ code: "not_found" });
    const config = { guests: true, registration: false, contact: null, limits: { upload_bytes: 5 } };
    host.answers.set("GET /api/config", () => ({ body: config }));
    expect(await client.config()).toEqual(config);
    expect(await client.config()).toEqual(config);
    expect(host.asked.filter(({ path }) => path === "/api/config")).toHaveLength(2);
    expect(host.asked.find(({ path }) => path === "/api/config")?.headers.has("Authorization")).toBe(false);
  });
});
