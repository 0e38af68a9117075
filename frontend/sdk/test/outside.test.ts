import { describe, expect, it } from "vitest";
import { MuteClock } from "../src/client/mute-clock.ts";
import { fromCache } from "../src/state/persist.ts";
import { EMPTY_CORE, type Core } from "../src/state/model.ts";
import { onlineAfter } from "../src/state/online.ts";
import { reduce } from "../src/state/reducer.ts";
import { Viewer } from "../src/state/view.ts";
import type { PresenceFrame, RoomEntry, ServerFrame } from "../src/wire.ts";
import { FakeHost } from "./support/fake-host.ts";
import type { Event } from "../src/generated/wire.ts";
import { BOB, ME, entry, live, member, own, rooms, sync, welcome } from "./support/frames.ts";

function frames(core: Core, ...list: ServerFrame[]): Core {
  return reduce(core, { type: "frames", frames: list, now: 0 });
}

/** Returns a client that is in one room, at the head of its log. */
function inRoom(part: Parameters<typeof entry>[0] = {}): Core {
  let core = frames({ ...EMPTY_CORE, session: "signed_in", me: ME }, welcome(), rooms([entry(part)]));
  core = reduce(core, { type: "asked", logs: ["r1", "@me"], re: "a" });
  return frames(core, sync("r1", "a", "reset", { head: 10, n: 8 }), sync("@me", "a", "ok"));
}

describe("a room that the user was removed from", () => {
  const gone = (why: string) => live(own(6, { kind: "room", op: "gone", entry: { id: "r1", at_seq: 20, why, reason: "spam" } }));

  it("says so, whichever log brings it first", () => {
    for (const why of ["kicked", "banned"] as const) {
      const byOwn = frames(inRoom(), gone(why));
      expect(byOwn.rooms.size).toBe(0);
      expect(byOwn.closed.get("r1"), why).toMatchObject({ slug: "general", name: "General", kind: "public", why, reason: "spam" });
      const byRoom = frames(inRoom(), live({ ...member(11, ME, why as "kicked"), why: "spam" } as Event));
      expect(byRoom.rooms.size).toBe(0);
      expect(byRoom.closed.get("r1"), why).toMatchObject({ name: "General", why, reason: "spam" });
    }
  });

  it("is not closed to somebody who has left, and is open again to somebody who is back", () => {
    expect(frames(inRoom(), gone("left")).closed.size).toBe(0);
    const kicked = frames(inRoom(), gone("kicked"));
    const back = live(own(7, { kind: "room", op: "set", entry: entry({ state: "invited", at_seq: 21 }) }));
    expect(frames(kicked, back).closed.size).toBe(0);
  });

  it("is remembered on the device", () => {
    const kicked = frames(inRoom(), gone("kicked"));
    const closed = [...kicked.closed.values()];
    const meta = { epoch: "e1", own: 6, memberSeq: [], lastAck: [], notifications: [], notificationsUnread: 0, settings: {} };
    expect(fromCache({ meta: { ...meta, closed }, rooms: [], drafts: [] }).closed?.get("r1")?.why).toBe("kicked");
    expect(fromCache({ meta, rooms: [], drafts: [] }).closed?.size).toBe(0);
  });
});

describe("a mute", () => {
  const level = (core: Core) => {
    const room = new Viewer().view(core).rooms.get("r1");
    return [room?.level, room?.quietUntil];
  };

  it("ends by itself, and the level holds again", () => {
    const host = new FakeHost();
    const at = host.now() + 3_600_000;
    const until = new Date(at).toISOString();
    let core = inRoom({ level: "mentions" });
    const clock = new MuteClock(host, (now) => {
      core = reduce(core, { type: "mutes_over", now });
    });
    core = reduce(core, { type: "room_prefs", room: "r1", quiet: until });
    clock.follow(core.rooms);
    expect(level(core)).toEqual(["mentions", at]);
    // The server says the same.
    core = frames(core, live(own(6, { kind: "room", op: "set", entry: entry({ level: "mentions", quiet_until: until }) })));
    clock.follow(core.rooms);
    host.pass(3_599_999);
    expect(level(core)).toEqual(["mentions", at]);
    host.pass(1);
    expect(level(core)).toEqual(["mentions", null]);
    clock.follow(core.rooms);
    expect(host.nextTimer()).toBeNull();
  });

  it("is ended by a new level and from another device, and hiding the room does not change it", () => {
    const quiet = reduce(inRoom(), { type: "room_prefs", room: "r1", quiet: "2026-11-21T09:00:00.000Z" });
    const hidden = reduce(quiet, { type: "room_prefs", room: "r1", hidden: true });
    expect(level(hidden)).toEqual(["all", Date.UTC(2026, 10, 21, 9)]);
    expect(level(reduce(quiet, { type: "room_prefs", room: "r1", level: "none", quiet: null }))).toEqual(["none", null]);
    const elsewhere = live(own(6, { kind: "room", op: "set", entry: entry({ level: "all" }) }));
    expect(level(frames(quiet, elsewhere))).toEqual(["all", null]);
  });
});

describe("the number of users online", () => {
  const seen = (list: Record<string, "online" | "away" | "offline">) =>
    new Map(Object.entries(list).map(([user, status]) => [user, { user, status, lastSeen: null }]));
  const frame = (list: Parameters<typeof seen>[0], full = false) =>
    ({ t: "presence", full, users: [...seen(list).values()] }) as unknown as PresenceFrame;

  it("follows people who come and go", () => {
    const before = seen({ bob: "offline", eve: "online" });
    expect(onlineAfter(7, before, seen({ bob: "online", eve: "online" }), frame({ bob: "online" }), "me")).toBe(8);
    expect(onlineAfter(7, before, seen({ bob: "offline", eve: "offline" }), frame({ eve: "offline" }), "me")).toBe(6);
    expect(onlineAfter(7, before, seen({ bob: "offline", eve: "away" }), frame({ eve: "away" }), "me")).toBe(7);
    expect(onlineAfter(7, before, seen({ me: "offline" }), frame({ me: "offline" }), "me")).toBe(7);
    expect(onlineAfter(null, before, before, frame({}), "me")).toBeNull();
  });

  it("is at least the number of people who are seen", () => {
    const now = seen({ bob: "online", eve: "away", me: "online", kai: "offline" });
    expect(onlineAfter(1, seen({}), now, frame({}, true), "me")).toBe(3);
    expect(onlineAfter(9, seen({}), now, frame({}, true), "me")).toBe(9);
  });

  it("is the server's where a heartbeat tells it", () => {
    const core = frames(inRoom(), { t: "ping", heads: {}, online: 41 } as ServerFrame);
    expect(core.connection.online).toBe(41);
    const presence = { t: "presence", full: false, users: [{ user: BOB.id, status: "online" }] } as unknown as ServerFrame;
    expect(frames(core, presence).connection.online).toBe(41);
  });
});
