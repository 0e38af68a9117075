import { describe, expect, it } from "vitest";
import { EMPTY_CORE, type Core, type OutboxItem } from "../src/state/model.ts";
import { reduce, type CoreEvent } from "../src/state/reducer.ts";
import { Viewer } from "../src/state/view.ts";
import type { ServerFrame } from "../src/wire.ts";
import { BOB, ME, edit, entry, item, live, member, message, own, react, remove, rooms, sync, welcome } from "./support/frames.ts";

function run(core: Core, ...events: (ServerFrame | CoreEvent)[]): Core {
  return events.reduce<Core>(
    (state, event) => reduce(state, "t" in event ? { type: "frames", frames: [event], now: 0 } : event),
    core,
  );
}

function asked(re: string, ...logs: string[]): CoreEvent {
  return { type: "asked", logs, re };
}

const signedIn = run(EMPTY_CORE, { type: "session", session: "signed_in", me: ME });

/** Connected, room r1 live at 10 (after a reset), the user log live at 5. */
const connected = run(
  signedIn,
  welcome(),
  rooms([entry()]),
  asked("q1", "@me", "r1"),
  sync("@me", "q1", "ok"),
  sync("r1", "q1", "reset", { head: 10, n: 8 }),
);

function page(messages: ReturnType<typeof message>[], asOf: number, change: { epoch?: string; generation?: number; first?: boolean } = {}): CoreEvent {
  const { epoch = "e1", generation = connected.rooms.get("r1")!.generation, first = false } = change;
  return { type: "page", page: { room: "r1", generation, epoch, asOf, messages, first } };
}

const room = (core: Core) => core.rooms.get("r1")!;
const text = (core: Core, seq: number) => room(core).messages.find((m) => m.seq === seq)?.text;
const view = (core: Core) => new Viewer().view(core).rooms.get("r1")!;

describe("a room's log", () => {
  it("applies the next entry, ignores an older one, and requests a gap", () => {
    const next = run(connected, live(message(11)));
    expect(room(next).log.cursor).toBe(11);
    expect(run(next, live(message(11, { text: "again" })))).toBe(next);
    const gap = run(next, live(message(13)));
    expect(room(gap).log.cursor).toBe(11);
    expect(room(gap).log.need).toBe("fill");
    expect(gap.needs).toEqual(new Set(["r1"]));
  });

  it("has one fill in flight", () => {
    const gap = run(connected, live(message(12)), asked("q2", "r1"), live(message(13)), { t: "ping", heads: { r1: 13 } });
    expect(room(gap).log).toEqual({ cursor: 10, re: "q2", need: null });
    const filled = run(gap, sync("r1", "q2", "more", { events: [message(11), message(12)] }));
    expect(room(filled).log).toEqual({ cursor: 12, re: null, need: "fill" });
  });

  it("learns of a lost last message from the heads of a ping", () => {
    const next = run(connected, { t: "ping", heads: { r1: 11, "@me": 6, other: 4 } });
    expect(room(next).log.need).toBe("fill");
    expect(next.own.need).toBe("fill");
    expect(run(connected, { t: "ping", heads: { r1: 10, "@me": 5 } }).needs.size).toBe(0);
  });

  it("counts only the answer with the newest re", () => {
    const resumed = run(connected, live(message(12)), asked("q2", "r1"), asked("q3", "r1"));
    expect(run(resumed, sync("r1", "q2", "ok", { events: [message(11)] }))).toBe(resumed);
    expect(room(run(resumed, sync("r1", "q3", "ok", { events: [message(11)] }))).log.cursor).toBe(11);
  });

  it("keeps the room when a forbidden was overtaken by a newer resume", () => {
    const kicked = run(
      connected,
      { t: "ping", heads: { r1: 12 } },
      asked("q2", "r1"),
      live(own(6, { kind: "room", op: "set", entry: entry({ at_seq: 12, head: 12 }) })),
    );
    expect(room(kicked).log.need).toBe("resume");
    const again = run(kicked, asked("q3", "r1"), sync("r1", "q2", "forbidden", { events: [member(11, ME, "kicked")] }));
    expect(again.rooms.has("r1")).toBe(true);
    const live12 = run(again, sync("r1", "q3", "ok", { events: [member(11, ME, "kicked"), member(12, ME, "joined")] }));
    // The older removal inside the page does not remove the room: the user log said that the user is in again.
    expect(live12.rooms.has("r1")).toBe(true);
  });

  it("keeps the room when the forbidden comes in one delivery with the entry that overtakes it", () => {
    const asking = run(connected, { t: "ping", heads: { r1: 12 } }, asked("q2", "r1"));
    const frames = [
      live(own(6, { kind: "room", op: "set", entry: entry({ at_seq: 12, head: 12 }) })),
      sync("r1", "q2", "forbidden", { events: [member(11, ME, "kicked")] }),
    ];
    const together = run(asking, { type: "frames", frames, now: 0 });
    expect(together.rooms.get("r1")?.log).toEqual({ cursor: 10, re: "q2", need: "resume" });
  });

  it("drops the room on forbidden, after the entries that the user may still see", () => {
    const out = run(connected, { t: "ping", heads: { r1: 12 } }, asked("q2", "r1"), sync("r1", "q2", "forbidden", { events: [message(11)] }));
    expect(out.rooms.has("r1")).toBe(false);
  });

  it("restarts at a reset and keeps nothing from before", () => {
    const loaded = run(connected, page([message(9)], 10), live(message(11)));
    const reset = run(loaded, { t: "ping", heads: { r1: 99 } }, asked("q2", "r1"), sync("r1", "q2", "reset", { head: 99, n: 90 }));
    expect(room(reset)).toMatchObject({ messages: [], loaded: false, floor: 99, head: 99, n: 90 });
    expect(room(reset).log.cursor).toBe(99);
    expect(room(reset).generation).toBe(room(loaded).generation + 1);
  });

  it("skips an unknown kind and shows its fallback", () => {
    const next = run(connected, { t: "event", room: "r1", seq: 11, n: 8, kind: "poll", by: BOB, at: "", id: "x", fallback: "A poll" }, {
      t: "event",
      room: "r1",
      seq: 12,
      kind: "silent",
    });
    expect(room(next).log.cursor).toBe(12);
    expect(room(next).messages.map((m) => [m.kind, m.text])).toEqual([["notice", "A poll"]]);
  });

  it("ignores frames that it does not know", () => {
    expect(run(connected, { t: "dance", steps: 3 } as never)).toBe(connected);
  });
});

describe("folding", () => {
  const start = run(connected, page([message(9)], 10), live(message(11)));

  it("applies a change only when it is newer than rev", () => {
    const edited = run(start, live(edit(12, 11, "new")));
    expect(text(edited, 11)).toBe("new");
    // A page that is older than the edit must not undo it.
    expect(text(run(edited, page([message(11, { text: "old", rev: 11 })], 11)), 11)).toBe("new");
    // A page that is newer wins.
    expect(text(run(edited, page([message(11, { text: "newer", rev: 14 })], 14)), 11)).toBe("newer");
  });

  it("makes a deletion final", () => {
    const gone = run(start, live(remove(12, 11)), live(edit(13, 11, "back")), live(react(14, 11, "👍", true)));
    expect(room(gone).messages.at(-1)).toMatchObject({ deleted: true, text: "", reactions: [], rev: 12 });
  });

  it("counts reactions and the people behind them", () => {
    const two = run(start, live(react(12, 11, "👍", true)), live(react(13, 11, "👍", true, { by: ME })));
    expect(view(two).messages.at(-1)?.reactions).toEqual([{ emoji: "👍", n: 2, users: ["u-bob", "u-me"], mine: true }]);
    const none = run(two, live(react(14, 11, "👍", false)), live(react(15, 11, "👍", false, { by: ME })));
    expect(view(none).messages.at(-1)?.reactions).toEqual([]);
  });

  it("keeps changes of messages that are not loaded, for a page that is older than they are", () => {
    const kept = run(connected, live(edit(11, 5, "edited")), live(react(12, 5, "👍", true)));
    const loaded = run(kept, page([message(5, { rev: 5 })], 10));
    expect(text(loaded, 5)).toBe("edited");
    expect(room(loaded).messages[0]?.rev).toBe(12);
    // A page that already contains the changes is not changed twice.
    const known = run(kept, page([{ ...message(5, { text: "edited", rev: 12 }), reactions: [{ emoji: "👍", n: 1, users: ["u-bob"] }] }], 12));
    expect(room(known).messages[0]?.reactions).toEqual([{ emoji: "👍", n: 1, users: ["u-bob"] }]);
    expect(room(known).kept.size).toBe(0);
  });

  it("bounds what it keeps by requiring newer pages", () => {
    let core = connected;
    for (let i = 1; i <= 1_001; i++) core = run(core, live(edit(10 + i, 100_000 + i, "x")));
    expect(room(core).kept.size).toBe(0);
    expect(room(core).floor).toBe(1_011);
  });
});

describe("pages", () => {
  it("throws away a page of another epoch, one older than the last reset, and one requested before it", () => {
    for (const bad of [page([message(9)], 10, { epoch: "e0" }), page([message(9)], 9), page([message(9)], 10, { generation: 99 })]) {
      expect(room(run(connected, { type: "loading", room: "r1" }, bad))).toMatchObject({ messages: [], loaded: false, loading: false });
    }
  });

  it("puts older messages before and knows when there are no more", () => {
    const two = run(connected, live(message(11)), page([message(8), message(9)], 10), page([message(1), message(4)], 10, { first: true }));
    expect(room(two).messages.map((m) => m.seq)).toEqual([1, 4, 8, 9, 11]);
    expect(room(two).complete).toBe(true);
  });

  it("takes a page that is ahead of the cursor, and the events after it change nothing", () => {
    const ahead = run(connected, page([message(9), message(11)], 11), live(message(11)));
    expect(room(ahead).messages.map((m) => m.seq)).toEqual([9, 11]);
    expect(room(ahead).log.cursor).toBe(11);
  });

  it("keeps the newest when memory is trimmed, and requires pages that know the cursor", () => {
    const trimmed = run(connected, page([message(7), message(8), message(9)], 10, { first: true }), { type: "trim", room: "r1", newest: 1 });
    expect(room(trimmed)).toMatchObject({ complete: false, floor: 10 });
    expect(room(trimmed).messages.map((m) => m.seq)).toEqual([9]);
  });
});

describe("unread", () => {
  it("is n(head) − n(read), and mentions are counted separately", () => {
    const two = run(connected, live(message(11, { n: 9 })), live(message(12, { n: 10, mentions: [ME.id] })), live(edit(13, 11, "x", { n: 10 })));
    expect(view(two)).toMatchObject({ unread: 2, unreadMentions: 1 });
    const read = run(two, { type: "marked", room: "r1", seq: 11 });
    expect(view(read)).toMatchObject({ unread: 1, unreadMentions: 1, readSeq: 11 });
    expect(view(run(read, { type: "marked", room: "r1", seq: 13 }))).toMatchObject({ unread: 0, unreadMentions: 0 });
    // The mark never moves back.
    expect(run(read, { type: "marked", room: "r1", seq: 4 })).toBe(read);
  });

  it("counts mentions that a page brings after a reset, each once", () => {
    const unread = room(connected).read + 1;
    const mentioning = [message(unread, { mentions: [ME.id] }), message(unread + 1, { mentions: [BOB.id] })];
    const before = view(connected).unreadMentions;
    const loaded = run(connected, page(mentioning, 10));
    expect(view(loaded).unreadMentions).toBe(before + 1);
    expect(view(run(loaded, page(mentioning, 10))).unreadMentions).toBe(before + 1);
    expect(view(run(connected, page([message(room(connected).read, { mentions: [ME.id] })], 10))).unreadMentions).toBe(before);
  });

  it("leaves out deleted messages, and mentions that an edit or a deletion removed", () => {
    const three = run(
      connected,
      live(message(11, { n: 9, mentions: [ME.id] })),
      live(message(12, { n: 10, mentions: [ME.id] })),
      live(message(13, { n: 11, mentions: [ME.id, BOB.id] })),
    );
    expect(view(three)).toMatchObject({ unread: 3, unreadMentions: 3 });
    const deleted = run(three, live(remove(14, 11, { n: 11 })));
    expect(view(deleted)).toMatchObject({ unread: 2, unreadMentions: 2 });
    const edited = run(deleted, live(edit(15, 12, "nobody", { n: 11 }, [])), live(edit(16, 13, "still", { n: 11 }, [ME.id])));
    expect(view(edited)).toMatchObject({ unread: 2, unreadMentions: 1 });
    expect(view(edited).messages.map((one) => one.mentionsMe)).toEqual([false, false, true]);
    // A deleted message that is not loaded is not counted either.
    const listed = run(signedIn, welcome(), rooms([entry({ head: 10, n: 8, read: 7, read_n: 6, mentions: [9] })]), asked("q1", "@me", "r1"), sync("@me", "q1", "ok"), sync("r1", "q1", "reset", { head: 10, n: 8 }), live(remove(11, 9, { n: 8 })));
    expect(view(listed)).toMatchObject({ unread: 1, unreadMentions: 0 });
    expect(view(listed).changedElsewhere).toBe(11);
    expect(view(run(listed, live(react(12, 9, "👍", true, { n: 8 })))).changedElsewhere).toBe(11);
  });

  it("follows the user's own mark from another device, and the user's own message", () => {
    const three = run(connected, live(message(11, { n: 9 })), live(message(12, { n: 10, mentions: [ME.id] })));
    const other = run(three, { t: "receipt", room: "r1", user: ME.id, seq: 11, n: 9, mentions: [12] });
    expect(view(other)).toMatchObject({ unread: 1, unreadMentions: 1 });
    expect(view(run(three, live(message(13, { n: 11, by: ME }))))).toMatchObject({ unread: 0, unreadMentions: 0 });
  });

  it("shows up to where others have read", () => {
    const two = run(connected, { t: "receipt", room: "r1", user: BOB.id, seq: 9 }, { t: "receipt", room: "r1", user: BOB.id, seq: 7 });
    expect(view(two).receipts.get(BOB.id)).toBe(9);
    // Writing implies having read.
    expect(view(run(two, live(message(11)))).receipts.get(BOB.id)).toBe(11);
    expect(view(run(connected, live(message(11)))).receipts.size).toBe(0);
  });

  it("takes the list's figures for a room whose log is not read yet", () => {
    const listed = run(signedIn, welcome(), rooms([entry({ head: 40, n: 30, read: 20, read_n: 18, mentions: [33] })]));
    expect(view(listed)).toMatchObject({ unread: 12, unreadMentions: 1, head: 40 });
  });
});

describe("the user log", () => {
  it("adds a room and resumes it, and removes it", () => {
    const added = run(connected, live(own(6, { kind: "room", op: "set", entry: entry({ id: "r2", at_seq: 3 }) })));
    expect(added.rooms.get("r2")?.log).toEqual({ cursor: null, re: null, need: "resume" });
    const gone = run(added, live(own(7, { kind: "room", op: "gone", entry: { id: "r2", at_seq: 4, why: "kicked" } })));
    expect(gone.rooms.has("r2")).toBe(false);
    expect(gone.needs.has("r2")).toBe(false);
    // An entry of the previous membership is ignored.
    const late = run(gone, live(own(8, { kind: "room", op: "set", entry: entry({ id: "r2", at_seq: 3 }) })));
    expect(late.rooms.has("r2")).toBe(false);
    expect(late.own.cursor).toBe(8);
  });

  it("shows an invitation without following the room", () => {
    const invited = run(connected, live(own(6, { kind: "room", op: "set", entry: entry({ id: "r2", state: "invited", at_seq: 3 }) })));
    expect(new Viewer().view(invited).rooms.get("r2")?.state).toBe("invited");
    expect(invited.needs.size).toBe(0);
  });

  it("does not read a live room again for a change of its settings", () => {
    const set = run(connected, live(own(6, { kind: "room", op: "set", entry: entry({ level: "none" }) })));
    expect(view(set).level).toBe("none");
    expect(set.needs.size).toBe(0);
  });

  it("ends a request when the list's line no longer has the flag", () => {
    const line = { id: "r3", kind: "direct", with: BOB, slug: null, name: null } as const;
    const set = (seq: number, part: object) => live(own(seq, { kind: "room", op: "set", entry: entry({ ...line, ...part }) }));
    const asked = run(connected, set(6, { request: true }));
    expect(new Viewer().view(asked).rooms.get("r3")?.request).toBe(true);
    expect(new Viewer().view(run(asked, set(7, {}))).rooms.get("r3")?.request).toBe(false);
  });

  it("keeps whom the user blocks", () => {
    const block = (seq: number, user: string, on: boolean) => live(own(seq, { kind: "setting", name: "block", value: { user, on } }));
    const blocked = run(connected, { type: "blocks", users: ["u-eve"] }, block(6, "u-bob", true));
    expect([...blocked.blocked]).toEqual(["u-eve", "u-bob"]);
    const odd = live(own(8, { kind: "setting", name: "block", value: null }));
    expect([...run(blocked, block(7, "u-eve", false), odd).blocked]).toEqual(["u-bob"]);
    expect(view(blocked).request).toBe(false);
  });

  it("applies in order only, and requests a gap", () => {
    const gap = run(connected, live(own(8, { kind: "setting", name: "theme", value: "dark" })));
    expect(gap.own).toMatchObject({ cursor: 5, need: "fill" });
    const filled = run(
      gap,
      asked("q2", "@me"),
      sync("@me", "q2", "ok", {
        events: [
          own(6, { kind: "setting", name: "theme", value: "light" }),
          own(7, { kind: "hologram" }),
          own(8, { kind: "setting", name: "theme", value: "dark" }),
        ],
      }),
    );
    expect(filled.settings).toEqual({ theme: "dark" });
    expect(filled.own.cursor).toBe(8);
  });

  it("keeps notifications: added, read, all read, removed", () => {
    const note = (key: string) => ({ key, kind: "mention", at: key, room: "r1", seq: 9, from: BOB, title: "Bob", body: "hi", read: false });
    const two = run(
      connected,
      live(own(6, { kind: "notification", op: "added", entry: note("a") })),
      live(own(7, { kind: "notification", op: "added", entry: note("b") })),
    );
    const items = (core: Core) => new Viewer().view(core).notifications;
    expect(items(two)).toMatchObject({ unread: 2 });
    expect(items(two).items.map((item) => item.id)).toEqual(["b", "a"]);
    const one = run(two, live(own(8, { kind: "notification", op: "read", key: "a" })));
    expect(items(one).unread).toBe(1);
    expect(items(run(one, live(own(9, { kind: "notification", op: "read", key: null })))).unread).toBe(0);
    expect(items(run(one, live(own(9, { kind: "notification", op: "gone", key: "b" }))))).toMatchObject({ unread: 0 });
  });

  it("shows the current text of a notification's message, and removes one whose message was deleted", () => {
    const note = (body: string, read = false) => ({ key: "a", kind: "mention", at: "a", room: "r1", seq: 9, from: BOB, title: "Bob", body, read });
    const shown = (core: Core) => new Viewer().view(core).notifications;
    const one = run(connected, live(own(6, { kind: "notification", op: "added", entry: note("secret") })));
    const edited = run(one, live(own(7, { kind: "notification", op: "changed", entry: note("open") })));
    expect(shown(edited)).toMatchObject({ unread: 1, items: [{ id: "a", body: "open", read: false }] });
    // Read here, before the server knew of it.
    const read = run(edited, { type: "notification_read", id: "a" }, live(own(8, { kind: "notification", op: "changed", entry: note("later") })));
    expect(shown(read)).toMatchObject({ unread: 0, items: [{ body: "later", read: true }] });
    expect(shown(run(read, live(own(9, { kind: "notification", op: "gone", key: "a" })))).items).toEqual([]);
    // A notification that is not loaded is neither added nor counted; an op of a later version does nothing.
    const other = run(connected, live(own(6, { kind: "notification", op: "changed", entry: note("x") })), live(own(7, { kind: "notification", op: "hidden" })));
    expect(shown(other)).toMatchObject({ unread: 0, items: [] });
    expect(other.own.cursor).toBe(7);
  });

  it("takes a page's text of a notification that was read, and reloads all after a reset", () => {
    const note = (body: string) => ({ key: "a", kind: "mention", at: "a", room: "r1", seq: 9, from: BOB, title: "Bob", body, read: true });
    const one = run(connected, live(own(6, { kind: "notification", op: "added", entry: note("secret") })));
    const items = [{ id: "a", type: "mention", title: "Bob", body: "open", room: "r1", seq: 9, by: BOB, at: "a", read: false }];
    const paged = run(one, { type: "notifications", items, next: null, unread: 0 });
    expect(new Viewer().view(paged).notifications.items).toMatchObject([{ body: "open", read: true }]);
    const reset = run(paged, { type: "closed" }, welcome(), rooms([entry()], 20), asked("q5", "@me", "r1"), sync("@me", "q5", "reset", { head: 20 }));
    expect(new Viewer().view(reset).notifications).toMatchObject({ items: [], loaded: false });
  });

  it("continues from the list's position after a reset, so that nothing is lost between list and head", () => {
    const back = run(connected, { type: "closed" }, welcome(), rooms([entry()], 20), asked("q5", "@me", "r1"));
    expect(back.own.cursor).toBe(5);
    const reset = run(back, sync("@me", "q5", "reset", { head: 22 }));
    expect(reset.own).toEqual({ cursor: 20, re: null, need: "fill" });
  });
});

describe("the list", () => {
  it("resumes the rooms of the list, known rooms missing from it, and the user log", () => {
    const held = run(connected, { type: "closed" }, welcome(), rooms([], 9));
    expect([...held.needs].sort()).toEqual(["@me", "r1"]);
    const out = run(held, asked("q9", "@me", "r1"), sync("r1", "q9", "not_found"));
    expect(out.rooms.size).toBe(0);
  });

  it("waits for the last page", () => {
    const half = run(signedIn, welcome(), rooms([entry()], 5, true));
    expect([half.ready, half.needs.size]).toEqual([false, 0]);
    const all = run(half, rooms([entry({ id: "r2" })], undefined));
    expect([all.ready, all.needs.size, all.own.cursor]).toEqual([true, 3, 5]);
  });

  it("ignores an entry that is older than the known membership", () => {
    const left = run(connected, live(member(11, ME, "left")), { type: "closed" }, welcome(), rooms([entry({ at_seq: 1 })]));
    expect(left.rooms.has("r1")).toBe(false);
    const again = run(left, { type: "closed" }, welcome(), rooms([entry({ at_seq: 12 })]));
    expect(again.rooms.has("r1")).toBe(true);
  });
});

describe("another epoch", () => {
  it("drops the cache and retries changes from seen 0", () => {
    const pending: OutboxItem = item("a", { seen: 10, epoch: "e1" });
    const fresh: OutboxItem = item("b");
    const next = run(connected, { type: "item", item: pending }, { type: "item", item: fresh }, { type: "closed" }, welcome("e2"));
    expect([next.rooms.size, next.own.cursor, next.memberSeq.size, next.lastAck.size]).toEqual([0, null, 0, 0]);
    expect(next.outbox.map((i) => [i.id, i.seen, i.epoch])).toEqual([["a", 0, "e2"], ["b", null, null]]);
    expect(next.me?.id).toBe(ME.id);
  });

  it("ignores a sync of the previous epoch", () => {
    const asking = run(connected, { t: "ping", heads: { r1: 11 } }, asked("q2", "r1"));
    expect(run(asking, sync("r1", "q2", "ok", { events: [message(11)], epoch: "e0" }))).toBe(asking);
  });
});

describe("typing, presence, members", () => {
  it("ends typing by time and by the message", () => {
    const signal: ServerFrame = { t: "signal", room: "r1", kind: "typing", by: BOB, ttl_ms: 5_000 };
    const typing = run(connected, signal);
    expect(view(typing).typing).toEqual([BOB]);
    expect(view(run(typing, { type: "typing_over", now: 5_000 })).typing).toEqual([]);
    expect(view(run(typing, live(message(11)))).typing).toEqual([]);
    expect(view(run(typing, { ...signal, ttl_ms: 0 })).typing).toEqual([]);
    expect(run(connected, { ...signal, by: ME })).toBe(connected);
  });

  it("a full list repairs a lost offline", () => {
    const users = [{ user: "a", status: "online" as const }, { user: "b", status: "away" as const }];
    const two = run(connected, { t: "presence", users, full: false });
    expect(two.presence.size).toBe(2);
    expect([...run(two, { t: "presence", users: users.slice(0, 1), full: true }).presence.keys()]).toEqual(["a"]);
  });

  it("lets newer entries of the log win over a list of members", () => {
    const list: CoreEvent = { type: "members", room: "r1", members: [{ user: BOB, state: "joined", role: "member", mutedUntil: null, seq: 3 }] };
    const left = run(connected, live(member(11, BOB, "left")), list);
    expect(view(left).members).toEqual([]);
    expect(view(run(connected, list)).members.map((m) => m.user.id)).toEqual([BOB.id]);
  });
});

describe("the user's own changes", () => {
  const sent = run(connected, { type: "item", item: item("a", { seen: 10, epoch: "e1" }) });
  const ack: ServerFrame = { t: "ack", id: "a", room: "r1", seq: 11, at: "", dup: false, noop: false };

  it("shows a message from the start to its event under one key", () => {
    const keys = [sent, run(sent, ack), run(sent, ack, live(message(11, { by: ME, id: "a" })))].map((core) => {
      const { messages } = view(core);
      expect(messages).toHaveLength(1);
      return [messages[0]?.key, messages[0]?.status];
    });
    expect(keys).toEqual([["u-me:a", "sending"], ["u-me:a", "sent"], ["u-me:a", "sent"]]);
  });

  it("takes the event as an ack when it comes first, and even after a refusal", () => {
    expect(run(sent, live(message(11, { by: ME, id: "a" }))).outbox).toEqual([]);
    const refused = run(sent, { t: "error", id: "a", of: "send", room: "r1", code: "muted", message: "You are muted." });
    expect(view(refused).messages[0]).toMatchObject({ status: "failed", failure: { code: "muted", message: "You are muted." } });
    const arrived = run(refused, live(message(11, { by: ME, id: "a" })));
    expect(view(arrived).messages.map((m) => [m.status, m.seq])).toEqual([["sent", 11]]);
    // Another user's entry with the same id is not an ack.
    expect(run(sent, live(message(11, { by: BOB, id: "a" }))).outbox).toHaveLength(1);
  });

  it("keeps changes that may be retried", () => {
    for (const code of ["unavailable", "overloaded", "rate_limited", "slow_mode", "unauthenticated"]) {
      expect(run(sent, { t: "error", id: "a", of: "send", code, message: "" }).outbox[0]?.status).toBe("sending");
    }
    for (const code of ["stale", "muted", "forbidden", "not_found", "archived", "too_large", "conflict", "bad_request", "brand_new"]) {
      expect(run(sent, { t: "error", id: "a", of: "send", code, message: "" }).outbox[0]?.status).toBe("failed");
    }
  });

  it("shows edits, deletions and reactions at once, and the log corrects them", () => {
    const start = run(connected, live(message(11, { by: ME, text: "old" })));
    const editing = run(start, { type: "item", item: item("e", { kind: "edit", target: 11, text: "new" }) });
    expect(view(editing).messages[0]).toMatchObject({ text: "new", change: { kind: "edit", status: "sending" } });
    const acked = run(editing, { t: "ack", id: "e", room: "r1", seq: 12, at: "", dup: false, noop: false });
    expect(view(acked).messages[0]).toMatchObject({ text: "new", change: null });
    const settled = run(acked, live(edit(12, 11, "new", { by: ME, id: "e" })));
    expect(settled.outbox).toEqual([]);
    expect(view(settled).messages[0]?.text).toBe("new");

    const refused = run(editing, { t: "error", id: "e", of: "edit", code: "conflict", message: "It is deleted." });
    expect(view(refused).messages[0]).toMatchObject({ text: "old", change: { status: "failed", failure: { code: "conflict" } } });
    const reacting = run(start, { type: "item", item: item("r", { kind: "react", target: 11, emoji: "👍", on: true }) });
    expect(view(reacting).messages[0]?.reactions).toEqual([{ emoji: "👍", n: 1, users: [ME.id], mine: true }]);
    const deleting = run(start, { type: "item", item: item("d", { kind: "delete", target: 11 }) });
    expect(view(deleting).messages[0]).toMatchObject({ deleted: true, text: "" });
  });

  it("forgets a change that changed nothing", () => {
    expect(run(sent, { ...ack, seq: null, noop: true }).outbox).toEqual([]);
  });

  it("takes the room itself as the ack of a join, by id and by slug", () => {
    const joining = run(connected, { type: "item", item: item("j1", { kind: "join", room: "r2" }) }, { type: "item", item: item("j2", { kind: "join", room: "two" }) });
    expect(joining.outbox).toHaveLength(2);
    const joined = run(joining, live(own(6, { kind: "room", op: "set", entry: entry({ id: "r2", slug: "two", at_seq: 3 }) })));
    expect(joined.outbox).toEqual([]);
  });

  it("takes a page that has the message as an ack", () => {
    const paged = run(sent, page([message(11, { by: ME, id: "a" })], 11));
    expect(view(paged).messages.map((m) => m.status)).toEqual(["sent"]);
  });
});

describe("the view", () => {
  it("keeps the references of what did not change", () => {
    const viewer = new Viewer();
    const two = run(connected, live(own(6, { kind: "room", op: "set", entry: entry({ id: "r2", at_seq: 3 }) })), live(message(11)));
    const first = viewer.view(two);
    const second = viewer.view(run(two, live(message(12))));
    expect(second.rooms.get("r2")).toBe(first.rooms.get("r2"));
    expect(second.rooms.get("r1")?.messages[0]).toBe(first.rooms.get("r1")?.messages[0]);
    expect(second.notifications).toBe(first.notifications);
    expect(viewer.view(run(two, live(message(12))))).not.toBe(first);
    const third = viewer.view(run(two, { type: "connection", change: { attempt: 2 } }));
    expect(third.rooms.get("r1")?.messages).toEqual(first.rooms.get("r1")?.messages);
  });
});
