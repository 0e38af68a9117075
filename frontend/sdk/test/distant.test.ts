import { describe, expect, it } from "vitest";
import { NEWEST_MESSAGES_KEPT, NEWEST_MESSAGES_MAX } from "../src/state/distant.ts";
import { EMPTY_CORE, type Core } from "../src/state/model.ts";
import { reduce, type CoreEvent } from "../src/state/reducer.ts";
import { Viewer } from "../src/state/view.ts";
import type { ServerFrame } from "../src/wire.ts";
import { ME, edit, entry, live, message, react, remove, rooms, sync, welcome } from "./support/frames.ts";

function run(core: Core, ...events: (ServerFrame | CoreEvent)[]): Core {
  return events.reduce<Core>(
    (state, event) => reduce(state, "t" in event ? { type: "frames", frames: [event], now: 0 } : event),
    core,
  );
}

/** Connected, room r1 live at 1000, its newest page loaded. */
const connected = run(
  EMPTY_CORE,
  { type: "session", session: "signed_in", me: ME },
  welcome(),
  rooms([entry({ head: 1_000, n: 1_000 })]),
  { type: "asked", logs: ["@me", "r1"], re: "q1" },
  sync("@me", "q1", "ok"),
  sync("r1", "q1", "reset", { head: 1_000, n: 1_000 }),
);
const generation = connected.rooms.get("r1")!.generation;
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => message(from + i));
const newest: CoreEvent = { type: "page", page: { room: "r1", generation, epoch: "e1", asOf: 1_000, messages: range(990, 1_000), first: false } };
const opened = run(connected, newest);

function page(side: "around" | "older" | "newer", from: number, to: number, change: { until?: number; first?: boolean; asOf?: number } = {}): CoreEvent {
  const { until = to, first = false, asOf = 1_000 } = change;
  return { type: "distant_page", page: { room: "r1", generation, epoch: "e1", asOf, messages: range(from, to), first, side, until } };
}

const seqs = (core: Core) => view(core).messages.map(({ seq }) => seq);
const view = (core: Core) => new Viewer().view(core).rooms.get("r1")!;
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe("messages around a distant one", () => {
  it("are shown alone, and the room list still knows the newest", () => {
    const distant = run(opened, page("around", 100, 105));
    expect(seqs(distant)).toEqual(numbers(100, 105));
    expect(view(distant)).toMatchObject({ hasMore: true, hasNewer: true, loaded: true, loading: false });
    expect(view(distant).lastMessage?.seq).toBe(1_000);
    expect(view(run(distant, live(message(1_001)))).lastMessage?.seq).toBe(1_001);
    expect(seqs(run(distant, live(message(1_001))))).toEqual(numbers(100, 105));
  });

  it("grow in both directions", () => {
    const grown = run(opened, page("around", 100, 105), page("newer", 106, 110), page("older", 95, 99, { first: true }));
    expect(seqs(grown)).toEqual(numbers(95, 110));
    expect(view(grown)).toMatchObject({ hasMore: false, hasNewer: true });
  });

  it("become one list with the newest once nothing is missing between", () => {
    const grown = run(opened, page("around", 980, 985), page("newer", 986, 988));
    expect(view(grown).hasNewer).toBe(true);
    const met = run(grown, page("newer", 989, 995));
    expect(seqs(met)).toEqual(numbers(980, 1_000));
    expect(view(met)).toMatchObject({ hasNewer: false, loaded: true });
    expect(seqs(run(met, live(message(1_001)))).at(-1)).toBe(1_001);
  });

  it("are the newest ones if the page reaches the head, without another request", () => {
    const linked = run(connected, page("around", 960, 1_000));
    expect(view(linked)).toMatchObject({ hasNewer: false, loaded: true });
    const soon = run(connected, page("around", 960, 995, { until: 1_000 }), live(message(1_001)));
    expect(seqs(soon)).toEqual([...numbers(960, 995), 1_001]);
  });

  it("stay apart from messages that arrived before any page", () => {
    const apart = run(connected, live(message(1_001)), page("around", 100, 105));
    expect(view(apart).hasNewer).toBe(true);
    expect(seqs(run(apart, { type: "distant_left", room: "r1" }))).toEqual([1_001]);
  });

  it("take edits, reactions and deletions, which a later page must know too", () => {
    const changed = run(opened, page("around", 100, 105), live(edit(1_001, 101, "better")), live(remove(1_002, 102)), live(react(1_003, 103, "👍", true)));
    const find = (core: Core, seq: number) => view(core).messages.find((one) => one.seq === seq);
    expect(find(changed, 101)?.text).toBe("better");
    expect(find(changed, 102)?.deleted).toBe(true);
    expect(find(changed, 103)?.reactions).toHaveLength(1);
    // The page that comes after the segment was left may be older than the changes.
    const again = run(changed, { type: "distant_left", room: "r1" }, page("around", 100, 105));
    expect(find(again, 101)?.text).toBe("better");
    expect(find(again, 102)?.deleted).toBe(true);
  });

  it("do not count a deletion twice once they meet the newest", () => {
    const read = run(opened, { type: "marked", room: "r1", seq: 985 });
    const met = run(read, page("around", 980, 985), live(remove(1_001, 981, { n: 1_000 })), page("newer", 986, 995));
    expect(met.rooms.get("r1")!.kept.size).toBe(0);
  });

  it("are dropped with everything else by a reset, and a page from before it changes nothing", () => {
    const distant = run(opened, page("around", 100, 105), { type: "asked", logs: ["r1"], re: "q2" });
    const reset = run(distant, sync("r1", "q2", "reset", { head: 5_000, n: 5_000 }));
    expect(view(reset)).toMatchObject({ messages: [], loaded: false, hasNewer: false });
    expect(run(reset, page("around", 100, 105)).rooms.get("r1")!.distant).toBeNull();
  });

  it("are left when the newest are asked for; a page that was on its way is not shown", () => {
    const left = run(opened, page("around", 100, 105), { type: "distant_left", room: "r1" }, page("newer", 106, 110));
    expect(seqs(left)).toEqual(numbers(990, 1_000));
    expect(view(left)).toMatchObject({ hasNewer: false, loading: false });
  });
});

describe("the memory of an open room", () => {
  const arrive = (core: Core, count: number) => run(core, ...numbers(1_001, 1_000 + count).map((seq) => live(message(seq))));

  it("holds a bounded number of messages, and knows that there are older ones", () => {
    const room = arrive(opened, 3 * NEWEST_MESSAGES_MAX).rooms.get("r1")!;
    expect(room.messages.length).toBeLessThanOrEqual(NEWEST_MESSAGES_MAX);
    expect(room.messages.length).toBeGreaterThanOrEqual(NEWEST_MESSAGES_KEPT);
    expect(room.messages.at(-1)?.seq).toBe(1_000 + 3 * NEWEST_MESSAGES_MAX);
    expect(room.complete).toBe(false);
  });

  it("keeps everything while somebody reads further up, and trims when they return", () => {
    const held = arrive(run(opened, { type: "held", room: "r1", held: true }), NEWEST_MESSAGES_MAX);
    expect(seqs(held)[0]).toBe(990);
    const returned = run(held, { type: "held", room: "r1", held: false });
    expect(seqs(returned)).toHaveLength(NEWEST_MESSAGES_KEPT);
  });

  it("is bounded while somebody reads a distant part", () => {
    const away = arrive(run(opened, { type: "held", room: "r1", held: true }, page("around", 100, 105)), 2 * NEWEST_MESSAGES_MAX);
    expect(away.rooms.get("r1")!.messages.length).toBeLessThanOrEqual(NEWEST_MESSAGES_MAX);
    expect(seqs(away)).toEqual(numbers(100, 105));
  });
});
