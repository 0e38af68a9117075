import { describe, expect, it } from "vitest";
import { ChatClient } from "../src/index.ts";
import type { UserSelf } from "../src/generated/wire.ts";
import { Clock, FakeHost, fakeChannels, fakeLocks } from "./support/fake-host.ts";
import { SimServer } from "./support/sim-server.ts";

const SEEDS = 150;
const ROOMS = ["r1", "r2"];
const USERS: UserSelf[] = ["ada", "bob"].map((name) => ({ id: `u-${name}`, name, guest: false, admin: false }));

/** mulberry32: the same schedule for the same seed. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Device {
  readonly user: UserSelf;
  readonly client: ChatClient;
  /** Texts sent, in the order made, by room. */
  readonly made: Map<string, string[]>;
}

async function run(seed: number): Promise<void> {
  const random = seeded(seed);
  const clock = new Clock();
  const server = new SimServer(clock, random, ROOMS, USERS);
  const devices: Device[] = [USERS[0]!, USERS[0]!, USERS[1]!].map((user) => {
    const host = new FakeHost({ clock, locks: fakeLocks(), openChannel: fakeChannels() });
    host.random = random;
    server.join(host, user);
    return { user, client: new ChatClient({ baseUrl: "http://palaver.test", storage: false, host }), made: new Map() };
  });
  const pass = async (ms: number) => {
    const until = clock.now + ms;
    do await turn();
    while (clock.step(until));
  };
  for (const { client } of devices) void client.start();
  await pass(1_000);

  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  let texts = 0;
  let restored = false;
  const backup = server.backup();
  for (let step = 0; step < 60; step++) {
    const device = pick(devices);
    const { client, made } = device;
    const room = pick(ROOMS);
    const view = client.getState().rooms.get(room);
    const what = random();
    if (what < 0.35 && view !== undefined) {
      const text = `${device.user.name} ${++texts}`;
      made.set(room, [...(made.get(room) ?? []), client.send(room, text)]);
    } else if (what < 0.6 && view !== undefined) {
      const target = pick(view.messages.filter((message) => message.seq !== null))?.seq;
      if (target == null) continue;
      if (random() < 0.4) client.edit(room, target, `edited ${++texts}`);
      else if (random() < 0.3) client.remove(room, target);
      else client.react(room, target, pick(["👍", "🎉"]));
    } else if (what < 0.7) client.openRoom(room).catch(() => undefined);
    else if (what < 0.76) client.loadOlder(room).catch(() => undefined);
    else if (what < 0.8) client.markRead(room);
    else if (what < 0.84) server.breakOne();
    else if (what < 0.87) server.breakAll(4408);
    else if (what < 0.9) server.kick(room, pick(USERS));
    else if (what < 0.94) server.invite(room, pick(USERS));
    else if (what < 0.95) view === undefined ? client.join(room, server.head(room)) : client.leave(room);
    else if (what < 0.99) server.faults = { lostAnswer: random() * 0.4, unavailable: random() * 0.3, lostEvent: random() * 0.3 };
    else if (!restored) {
      restored = true;
      backup();
    }
    await pass(random() * 500);
  }
  server.faults = { lostAnswer: 0, unavailable: 0, lostEvent: 0 };
  for (const { client } of devices) client.reconnectNow();
  // Long enough for every backoff, and for two heartbeats with heads.
  await pass(60_000);
  check(server, devices, restored);
  for (const { client } of devices) client.stop();
}

/** Runs everything that waits for promises: the client's own chains are a few deep, and requests parse a body. */
async function turn(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
}

function check(server: SimServer, devices: readonly Device[], restored: boolean): void {
  for (const room of ROOMS) {
    const ids = server.entries(room).map((entry) => `${entry.by.id} ${entry.id}`);
    expect(new Set(ids).size, "no change is stored twice").toBe(ids.length);
  }
  for (const { user, client, made } of devices) {
    const state = client.getState();
    expect(state.connection.status, `${user.name} is online`).toBe("online");
    expect(state.outbox.filter((item) => item.status === "sending"), `${user.name} has sent all`).toEqual([]);
    const joined = ROOMS.filter((room) => server.row(user, room).joined);
    expect([...state.rooms.keys()].sort(), `${user.name}'s rooms`).toEqual(joined);
    for (const room of joined) {
      const view = state.rooms.get(room)!;
      expect(view.head, `${user.name} knows the head of ${room}`).toBe(server.head(room));
      const folded = server.fold(room);
      const shown = view.messages.filter((message) => message.seq !== null);
      for (const message of shown) {
        const truth = folded.get(message.seq!)!;
        const reactions = (list: readonly { emoji: string; n: number; users: readonly string[] }[]) => list.map(({ emoji, n, users }) => [emoji, n, [...users].sort()]).sort();
        expect([message.text, message.deleted, reactions(message.reactions)], `${user.name} ${room} ${message.seq}`).toEqual([
          truth.text,
          truth.deleted,
          reactions(truth.reactions),
        ]);
      }
      const first = shown[0]?.seq ?? Number.POSITIVE_INFINITY;
      const lacking = [...folded.keys()].filter((seq) => seq >= first && !shown.some((message) => message.seq === seq));
      expect(lacking, `${user.name} ${room} has no holes`).toEqual([]);
    }
    if (restored) continue;
    for (const [room, ids] of made) {
      const stored = server.entries(room).map((entry) => entry.id);
      const places = ids.map((id) => stored.indexOf(id)).filter((at) => at >= 0);
      expect(places, "the order made is the order stored").toEqual([...places].sort((a, b) => a - b));
      const open = new Set(state.outbox.map((item) => item.id));
      expect(ids.filter((id) => !stored.includes(id) && !open.has(id)), "nothing sent is lost").toEqual([]);
    }
  }
}

describe("in any schedule of breaks, lost answers, lost events, kicks and restores", () => {
  for (let group = 0; group < SEEDS; group += 25) {
    it(`devices agree with the log (seeds ${group} to ${group + 24})`, { timeout: 60_000 }, async () => {
      for (let seed = group; seed < group + 25; seed++) {
        await run(seed).catch((error: unknown) => {
          throw new Error(`seed ${seed}`, { cause: error });
        });
      }
    });
  }
});
