/**
 * Covers a room with a thousand people: typing stays quick while many messages arrive, and each person can be reached. It needs
 * a server with its own limits (the people connect from one address, and write fast): see playwright.config.ts.
 */
import { type BrowserContext, type Locator, expect, test } from "@playwright/test";
import { Api } from "./api.ts";
import { Chat } from "./page.ts";
import { Palaver } from "./palaver.ts";

const FEW = { name: "Few", slug: "few", people: 10 };
const MANY = { name: "Many", slug: "many", people: 1_000 };

// A trace takes a screenshot on each key, which would distort the measurement.
test.use({ trace: "off" });

/** Number of guests that sign in and join concurrently. */
const AT_ONCE = 16;
const MESSAGES_PER_SECOND = 20;
const KEYS = 40;
/** The rhythm of a fast typist. */
const KEY_EVERY_MS = 60;
/**
 * The rooms take turns, and the quickest round of each room counts: other load on the machine can only add time, while a slow
 * page is slow in each round.
 */
const ROUNDS = 3;

let server: Palaver;
let window: BrowserContext;
let ada: Chat;
let guests: readonly Api[];

test.beforeAll(async ({ browser }) => {
  const limits = ["SENDS_PER_10S", "JOINS_PER_MINUTE", "REQUESTS_PER_MINUTE", "SIGN_INS_PER_MINUTE", "FRAMES_PER_60S"];
  server = await Palaver.start(Object.fromEntries(limits.map((limit) => [`PALAVER_LIMITS_${limit}`, "1000000"])));
  window = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  ada = new Chat(await window.newPage(), "ada");
  await ada.register(server.url);
  for (const room of [FEW, MANY]) await ada.createRoom(room.name);

  guests = await inTurns(MANY.people - 1, async (n) => {
    const guest = await Api.guest(server.url, `guest-${n}`);
    await guest.join(MANY.slug);
    if (n < FEW.people - 1) await guest.join(FEW.slug);
    return guest;
  });
});

test.afterAll(async ({}, testInfo) => {
  await testInfo.attach("server log", { body: server.log });
  await window.close();
  await server.remove();
});

test("of a thousand people only those in sight are rendered, and the keyboard reaches each", async () => {
  const people = await open(MANY);
  expect(await people.getByRole("listitem").count()).toBeLessThan(60);

  await people.getByRole("button", { name: "Close" }).focus();
  await ada.page.keyboard.press("Tab");
  const focused = people.locator("[role=listitem]:focus");
  await expect(focused).toContainText("ada");
  await ada.page.keyboard.press("ArrowDown");
  await expect(focused).toHaveAttribute("aria-posinset", "1");
  await expect(focused).toHaveAttribute("aria-setsize", String(MANY.people - 1));
  await ada.page.keyboard.press("End");
  await expect(focused).toHaveAttribute("aria-posinset", String(MANY.people - 1));
  await expect(focused).toBeInViewport({ ratio: 1 });

  // The next tab stop is the menu of the focused row's person; closing the menu returns the focus.
  await ada.page.keyboard.press("Tab");
  await ada.page.keyboard.press("Enter");
  await expect(ada.page.getByRole("menuitem", { name: "Send a direct message" })).toBeVisible();
  await ada.page.keyboard.press("Escape");
  await expect(people.getByRole("button", { name: /guest/ }).last()).toBeFocused();
  await ada.page.keyboard.press("Shift+Tab");
  await ada.page.keyboard.press("Home");
  await expect(focused).toContainText("ada");
  await expect(focused).toBeInViewport({ ratio: 1 });
});

test("a key takes at most twice as long with a thousand people as with ten", async () => {
  const took = { few: [] as Percentiles[], many: [] as Percentiles[] };
  for (let round = 0; round < ROUNDS; round++) {
    took.few.push(percentiles(await typeIn(FEW)));
    took.many.push(percentiles(await typeIn(MANY)));
  }
  const [few, many] = [quickest(took.few), quickest(took.many)];
  const line = `a key until it is drawn, ${MESSAGES_PER_SECOND} messages/s: ${FEW.people} people ${say(few, took.few)}; ${MANY.people} people ${say(many, took.many)}`;
  console.log(line);
  expect(many.p95, line).toBeLessThanOrEqual(100);
  expect(many.p95, line).toBeLessThanOrEqual(2 * few.p95);
});

/** Opens a room. Returns its people panel, once all members are in it. */
async function open(room: typeof MANY): Promise<Locator> {
  await ada.room(room.name).click();
  await expect(ada.title).toHaveText(room.name);
  const people = await ada.people();
  await expect(people.getByRole("heading", { name: new RegExp(` ${room.people - 1}$`) })).toBeVisible();
  await expect(people.getByRole("listitem").first()).toBeVisible();
  return people;
}

/** Types while guests write, with the people panel open. Returns how long each key took to be rendered, in milliseconds. */
async function typeIn(room: typeof MANY): Promise<number[]> {
  await open(room);
  const talk = new Talk(room.slug);
  await expect(ada.message("of a talk that goes on").first()).toBeVisible();
  await ada.composer.click();
  await ada.page.evaluate(measureKeys);
  const started = Date.now();
  for (let n = 0; n < KEYS; n++) {
    await ada.page.keyboard.press("abcdefghij "[n % 11] ?? "a");
    const due = started + (n + 1) * KEY_EVERY_MS - Date.now();
    if (due > 0) await ada.page.waitForTimeout(due);
  }
  await expect.poll(() => ada.page.evaluate(() => keyTimes().length)).toBe(KEYS);
  const perSecond = await talk.end();
  expect(perSecond, "messages arrived at the planned rate").toBeGreaterThan(MESSAGES_PER_SECOND * 0.8);
  await ada.composer.fill("");
  return ada.page.evaluate(() => keyTimes());
}

declare function keyTimes(): number[];

/** Runs in the page. A key's time ends when the frame that it caused has been painted. */
function measureKeys(): void {
  const times: number[] = [];
  const page = globalThis as unknown as { keyTimes: () => number[]; stopKeys?: () => void };
  page.stopKeys?.();
  const onKey = (event: KeyboardEvent) =>
    requestAnimationFrame(() => {
      const painted = new MessageChannel();
      painted.port1.onmessage = () => times.push(performance.now() - event.timeStamp);
      painted.port2.postMessage(null);
    });
  document.addEventListener("keydown", onKey, true);
  page.keyTimes = () => times;
  page.stopKeys = () => document.removeEventListener("keydown", onKey, true);
}

/** Guests who write in turns, at a steady pace. */
class Talk {
  private said = 0;
  private readonly started = Date.now();
  private readonly saying: Promise<unknown>[] = [];
  private readonly timer: NodeJS.Timeout;

  constructor(room: string) {
    this.timer = setInterval(() => {
      const due = Math.floor(((Date.now() - this.started) / 1_000) * MESSAGES_PER_SECOND);
      for (; this.said < due; this.said++) {
        const guest = guests[this.said % (FEW.people - 1)];
        if (guest) this.saying.push(guest.say(room, `Word ${this.said + 1} of a talk that goes on and on`));
      }
    }, 1_000 / MESSAGES_PER_SECOND);
  }

  /** Stops the guests. Returns how many messages per second were stored. */
  async end(): Promise<number> {
    clearInterval(this.timer);
    await Promise.all(this.saying);
    return (this.said * 1_000) / (Date.now() - this.started);
  }
}

/** Runs `one` `count` times, several at once. */
async function inTurns<T>(count: number, one: (n: number) => Promise<T>): Promise<T[]> {
  const all: T[] = [];
  let next = 0;
  const turn = async () => {
    for (let n = next++; n < count; n = next++) all[n] = await one(n);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, turn));
  return all;
}

interface Percentiles {
  readonly p50: number;
  readonly p95: number;
}

function percentiles(times: readonly number[]): Percentiles {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN;
  return { p50: at(0.5), p95: at(0.95) };
}

function quickest(rounds: readonly Percentiles[]): Percentiles {
  return rounds.reduce((a, b) => (b.p95 < a.p95 ? b : a));
}

function say({ p50, p95 }: Percentiles, rounds: readonly Percentiles[]): string {
  const all = rounds.map((round) => round.p95.toFixed(0)).join(", ");
  return `p50 ${p50.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms (rounds: ${all})`;
}
