/**
 * Measures the page under load, in a browser and against a server as it is released: `cargo xtask prove page`. The figures
 * mean something only on a machine that does nothing else.
 */
import { type Browser, type CDPSession, expect, type Locator, test } from "@playwright/test";
import { fill, gather, percentiles, startUnlimited, Talk, typeKeys } from "../crowd.ts";
import { Chat } from "../page.ts";
import { report } from "./figure.ts";

const MINUTE_MS = 60_000;

test("keys", async ({ browser }) => {
  const people = 1_000;
  const perSecond = 50;
  /** Quiet and busy times take turns, and each figure is the median of its rounds. */
  const rounds = 5;
  const keys = 60;

  const { server, window, ada } = await openRoom(browser, "Many");
  const guests = await gather(server.url, people - 1, () => ["many"]);
  const panel = await ada.people();
  await expect(panel.getByRole("heading", { name: new RegExp(` ${people - 1}$`) })).toBeVisible();

  const quiet: number[] = [];
  const busy: number[] = [];
  const pace: number[] = [];
  for (let round = 0; round < rounds; round++) {
    quiet.push(percentiles(await typeKeys(ada, keys)).p95);
    const talk = new Talk("many", guests, perSecond);
    await expect(ada.message("of a talk that goes on").last()).toBeInViewport();
    busy.push(percentiles(await typeKeys(ada, keys)).p95);
    pace.push(await talk.end());
  }
  await expect(panel).toBeVisible();
  report({ prove: "keys", what: "messages while a person types", value: median(pace), unit: "/s", bar: `≥ ${0.95 * perSecond}` });
  report({ prove: "keys", what: `p95 of a key, ${people} people in the panel, ${perSecond} messages/s`, value: median(busy), unit: "ms", bar: "≤ 100" });
  report({ prove: "keys", what: "the same, as a multiple of the quiet p95", value: median(busy) / median(quiet), unit: "×", bar: "≤ 2" });
  console.log(`quiet ${quiet.map((p95) => p95.toFixed(1)).join(", ")} ms; busy ${busy.map((p95) => p95.toFixed(1)).join(", ")} ms`);

  await window.close();
  await server.remove();
});

test("frames", async ({ browser }) => {
  const messages = 10_000;
  const seconds = 10;
  const speed = 2_000;

  const { server, window, ada } = await openRoom(browser, "Long");
  const guests = await gather(server.url, 9, () => ["long"]);
  await fill("long", guests, messages);

  await loadAll(ada);
  const cdp = await window.newCDPSession(ada.page);
  for (const [what, distance] of [["up", 1], ["down", -1]] as const) {
    await ada.log.evaluate((log, part) => log.scrollTo({ top: log.scrollHeight * part }), 0.5);
    await ada.page.waitForTimeout(1_000);
    const frames = await framesWhile(ada.log, () => scroll(cdp, ada.log, distance * speed * seconds, speed));
    const moved = frames.times.length - 1;
    const rate = (moved * 1_000) / ((frames.times.at(-1) ?? 0) - (frames.times[0] ?? 0));
    expect(Math.abs(frames.scrolled), "pixels that the list moved").toBeGreaterThan(0.8 * speed * seconds);
    // A display has 60 frames in 1,000 ms up to what its clock is wrong by.
    report({ prove: "frames", what: `scrolling ${what} through ${messages} loaded messages`, value: rate, unit: "/s", bar: "≥ 59.5" });
    const late = frames.times.filter((time, n) => n > 0 && time - (frames.times[n - 1] ?? 0) > 25).length;
    report({ prove: "frames", what: `frames that came late, scrolling ${what}`, value: (100 * late) / moved, unit: "%", bar: "≤ 1" });
  }
  expect(await ada.log.evaluate((log) => log.scrollHeight), "all messages are loaded").toBeGreaterThan(messages * 20);

  await window.close();
  await server.remove();
});

test("heap", async ({ browser }) => {
  const [first, last] = [5, 30];
  const perSecond = 20;

  const { server, window, ada } = await openRoom(browser, "Busy");
  const guests = await gather(server.url, 9, () => ["busy"]);
  const cdp = await window.newCDPSession(ada.page);

  const talk = new Talk("busy", guests, perSecond);
  const begun = Date.now();
  const used: number[] = [];
  for (const minute of [first, last]) {
    await ada.page.waitForTimeout(begun + minute * MINUTE_MS - Date.now());
    // How many messages the room keeps goes up and down between two bounds: the highest of some samples counts.
    const samples: number[] = [];
    for (let n = 0; n < 8; n++) {
      samples.push(await heap(cdp));
      await ada.page.waitForTimeout(5_000);
    }
    used.push(Math.max(...samples));
    console.log(`after ${minute} minutes: ${samples.map((bytes) => (bytes / 1024 ** 2).toFixed(2)).join(", ")} MiB`);
  }
  await expect(ada.message("of a talk that goes on").last()).toBeInViewport();
  const pace = await talk.end();
  const [early, late] = used as [number, number];
  report({ prove: "heap", what: "messages that arrived", value: pace, unit: "/s", bar: `≥ ${0.95 * perSecond}` });
  report({ prove: "heap", what: `heap after ${last} minutes, as a part of that after ${first}`, value: late / early, unit: "×", bar: "≤ 1.1" });

  await window.close();
  await server.remove();
});

/** Starts a server, with a person who has just created a room. */
async function openRoom(browser: Browser, room: string) {
  const server = await startUnlimited();
  const window = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const ada = new Chat(await window.newPage(), "ada");
  await ada.register(server.url);
  await ada.createRoom(room);
  return { server, window, ada };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Returns what the page's objects take, in bytes, without what the next collection would free. */
async function heap(cdp: CDPSession): Promise<number> {
  await cdp.send("HeapProfiler.collectGarbage");
  return (await cdp.send("Runtime.getHeapUsage")).usedSize;
}

/** Scrolls up until the room's first message is loaded. */
async function loadAll(chat: Chat): Promise<void> {
  await expect(chat.log.getByRole("article").first()).toBeVisible();
  const up = async () => {
    await chat.log.evaluate((list) => list.scrollTo({ top: 0 }));
    return chat.message("Message 1: ").count();
  };
  await expect.poll(up, { intervals: [30], timeout: 5 * MINUTE_MS }).toBe(1);
}

/** Scrolls with the wheel by so many pixels; up, if there are more than 0. */
async function scroll(cdp: CDPSession, list: Locator, distance: number, speed: number): Promise<void> {
  const box = await list.boundingBox();
  if (box === null) throw new Error("the list is not on the screen");
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await cdp.send("Input.synthesizeScrollGesture", { x, y, yDistance: distance, speed, gestureSourceType: "mouse", preventFling: true });
}

interface Frames {
  /** When each frame began, in milliseconds. */
  readonly times: readonly number[];
  /** How far the list moved, in pixels. */
  readonly scrolled: number;
}

/** Returns the frames of the page while `work` runs. */
async function framesWhile(list: Locator, work: () => Promise<void>): Promise<Frames> {
  const recording = await list.evaluateHandle((log) => {
    const seen = { times: [] as number[], from: log.scrollTop, ended: false };
    const frame = (now: number) => {
      seen.times.push(now);
      if (!seen.ended) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    return seen;
  });
  await work();
  const log = await list.elementHandle();
  return recording.evaluate((seen, log) => {
    seen.ended = true;
    return { times: seen.times, scrolled: (log?.scrollTop ?? 0) - seen.from };
  }, log);
}
