/** Owns what tests of full and busy rooms share: guests who join and write, and how long a key takes until it is drawn. */
import { expect } from "@playwright/test";
import { Api } from "./api.ts";
import type { Chat } from "./page.ts";
import { Palaver } from "./palaver.ts";

/** Number of requests that are made at once. */
const AT_ONCE = 16;
/** Number of guests who take turns to write. */
const WRITERS = 9;
/** How often those who write get new access tokens. */
const RENEW_EVERY_MS = 600_000;
/** The rhythm of a fast typist. */
const KEY_EVERY_MS = 60;

/** Starts a server with limits for people who connect from one address and write fast. */
export function startUnlimited(): Promise<Palaver> {
  const limits = ["SENDS_PER_10S", "JOINS_PER_MINUTE", "REQUESTS_PER_MINUTE", "SIGN_INS_PER_MINUTE", "FRAMES_PER_60S"];
  return Palaver.start(Object.fromEntries(limits.map((limit) => [`PALAVER_LIMITS_${limit}`, "1000000"])));
}

/** Runs `one` `count` times, several at once. Returns the results in order. */
async function inTurns<T>(count: number, one: (n: number) => Promise<T>): Promise<T[]> {
  const all: T[] = [];
  let next = 0;
  const turn = async () => {
    for (let n = next++; n < count; n = next++) all[n] = await one(n);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, turn));
  return all;
}

/** Signs in `count` guests, who join the rooms that `joins` names for the n-th of them. */
export function gather(url: string, count: number, joins: (n: number) => readonly string[]): Promise<Api[]> {
  return inTurns(count, async (n) => {
    const guest = await Api.guest(url, `guest-${n}`);
    for (const room of joins(n)) await guest.join(room);
    return guest;
  });
}

/** Fills a room with messages of these guests, which all contain their number. */
export async function fill(room: string, guests: readonly Api[], count: number): Promise<void> {
  await inTurns(count, async (n) => {
    await guests[n % guests.length]?.say(room, `Message ${n + 1}: ${"words of a usual length ".repeat(1 + (n % 4))}`);
  });
}

/** Guests who write in turns, at a steady pace. */
export class Talk {
  private said = 0;
  private readonly started = Date.now();
  private readonly saying: Promise<unknown>[] = [];
  private readonly timers: readonly NodeJS.Timeout[];
  private failure: unknown = null;

  constructor(room: string, guests: readonly Api[], perSecond: number) {
    const writers = guests.slice(0, WRITERS);
    const failed = (error: unknown) => void (this.failure = error);
    const speak = () => {
      const due = Math.floor(((Date.now() - this.started) / 1_000) * perSecond);
      for (; this.said < due; this.said++) {
        const sent = writers[this.said % writers.length]?.say(room, `Word ${this.said + 1} of a talk that goes on and on`);
        if (sent) this.saying.push(sent.catch(failed));
      }
    };
    const renew = () => writers.forEach((writer) => void writer.renew().catch(failed));
    this.timers = [setInterval(speak, 1_000 / perSecond), setInterval(renew, RENEW_EVERY_MS)];
  }

  /** Stops the guests. Returns how many messages per second were stored. */
  async end(): Promise<number> {
    for (const timer of this.timers) clearInterval(timer);
    await Promise.all(this.saying);
    if (this.failure !== null) throw this.failure;
    return (this.said * 1_000) / (Date.now() - this.started);
  }
}

declare function keyTimes(): number[];

/** Types that many keys at the pace of a fast typist. Returns how long each took until it was drawn, in milliseconds. */
export async function typeKeys({ page, composer }: Chat, count: number): Promise<number[]> {
  await composer.click();
  await page.evaluate(measureKeys);
  const started = Date.now();
  for (let n = 0; n < count; n++) {
    await page.keyboard.press("abcdefghij "[n % 11] ?? "a");
    const due = started + (n + 1) * KEY_EVERY_MS - Date.now();
    if (due > 0) await page.waitForTimeout(due);
  }
  await expect.poll(() => page.evaluate(() => keyTimes().length)).toBe(count);
  await composer.fill("");
  return page.evaluate(() => keyTimes());
}

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

export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
}

export function percentiles(times: readonly number[]): Percentiles {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN;
  return { p50: at(0.5), p95: at(0.95) };
}
