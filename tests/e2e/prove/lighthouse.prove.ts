/** Lets Lighthouse judge the first screen and a busy room, on a desktop and on a phone: a part of `cargo xtask prove page`. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, expect, test } from "@playwright/test";
import lighthouse, { desktopConfig, type Result } from "lighthouse";
import { fill, gather, startUnlimited, Talk } from "../crowd.ts";
import { Chat } from "../page.ts";
import { freePort } from "../palaver.ts";
import { report } from "./figure.ts";

const RUNS = 5;
/** Lighthouse sometimes misses the beginning of a page; it then asks to be run again. */
const TRIES = 4;
const BARS = { performance: "≥ 90", accessibility: "≥ 100", "best-practices": "≥ 100" } as const;
type Category = keyof typeof BARS;
const CATEGORIES = Object.keys(BARS) as Category[];

const PEOPLE = 200;
const MESSAGES = 500;
const PER_SECOND = 5;

test("lighthouse", async ({ launchOptions }) => {
  const server = await startUnlimited();
  const profile = await mkdtemp(join(tmpdir(), "palaver-lighthouse-"));
  const port = await freePort();
  const args = [...(launchOptions.args ?? []), `--remote-debugging-port=${port}`];
  // Lighthouse opens its tab beside that of the test: the two share what the browser stores.
  const window = await chromium.launchPersistentContext(profile, { ...launchOptions, args });

  for (const screen of ["desktop", "phone"] as const) await judge("sign-in", screen, `${server.url}/`, port);

  const ada = new Chat(await window.newPage(), "ada");
  await ada.register(server.url);
  await ada.createRoom("Busy");
  const guests = await gather(server.url, PEOPLE - 1, () => ["busy"]);
  await fill("busy", guests, MESSAGES);
  await expect(ada.message(`Message ${MESSAGES}`)).toBeVisible();
  const room = ada.page.url();
  await ada.page.goto("about:blank");
  const talk = new Talk("busy", guests, PER_SECOND);
  for (const screen of ["desktop", "phone"] as const) await judge("busy room", screen, room, port);
  await talk.end();

  await window.close();
  await server.remove();
  await rm(profile, { recursive: true, force: true });
});

/** Reports the median score of each category, and which audits took points away. */
async function judge(name: string, screen: "desktop" | "phone", url: string, port: number): Promise<void> {
  const scores = new Map<Category, number[]>(CATEGORIES.map((category) => [category, []]));
  const lost = new Map<string, number>();
  for (let n = 0; n < RUNS; n++) {
    const { categories, audits } = await run(url, port, screen);
    for (const category of CATEGORIES) {
      scores.get(category)?.push(100 * (categories[category]?.score ?? 0));
      for (const { id, weight } of categories[category]?.auditRefs ?? []) {
        const score = audits[id]?.score ?? 1;
        if (weight > 0 && score < 0.9) lost.set(id, (lost.get(id) ?? 0) + 1);
      }
    }
  }
  for (const [category, all] of scores) {
    const value = all.toSorted((a, b) => a - b)[Math.floor(RUNS / 2)] ?? 0;
    report({ prove: "lighthouse", what: `${category}, ${name}, ${screen}`, value, unit: "points", bar: BARS[category] });
  }
  if (lost.size > 0) console.log(`${name}, ${screen}: below 90 in so many of ${RUNS} runs: ${JSON.stringify(Object.fromEntries(lost))}`);
}

async function run(url: string, port: number, screen: "desktop" | "phone"): Promise<Result["lhr"]> {
  const flags = { port, onlyCategories: CATEGORIES, disableStorageReset: true, logLevel: "error" } as const;
  let trouble = "";
  for (let tries = 0; tries < TRIES; tries++) {
    const result = await lighthouse(url, flags, screen === "desktop" ? desktopConfig : undefined);
    if (result !== undefined && !result.lhr.runtimeError) return result.lhr;
    trouble = result?.lhr.runtimeError?.message ?? "no result";
  }
  throw new Error(`Lighthouse did not finish in ${TRIES} tries: ${trouble}`);
}
