/**
 * Covers following: the conversation follows new messages, whatever the reader touches; messages out of sight are counted and
 * stay unread.
 */
import { type BrowserContext, expect, test } from "@playwright/test";
import { Api } from "./api.ts";
import { Chat } from "./page.ts";
import { Palaver } from "./palaver.ts";

/** A shared installation already has the people and rooms of other tests, and of earlier runs of this one. */
const TAG = Date.now().toString(36);
const HARBOUR = `Harbour ${TAG}`;
const ROOM = `harbour-${TAG}`;
const PIER = `Pier ${TAG}`;
/** This many messages, of this many lines each, are several windows high. */
const MESSAGES = 8;
const LINES = 12;

/** A page marks what it has shown after 300 ms. To see that it does not mark, a test can only wait that long. */
const MARKED_WITHIN_MS = 500;

let server: Palaver;
let window: BrowserContext;
let ada: Chat;
let bob: Api;

test.beforeAll(async ({ browser }) => {
  server = await Palaver.start();
  window = await browser.newContext({ viewport: { width: 1200, height: 700 }, hasTouch: true });
  ada = new Chat(await window.newPage(), `ada-${TAG}`);
  await ada.register(server.url);
  bob = await Api.register(server.url, `bob-${TAG}`);
  await bob.createRoom(HARBOUR, ROOM);
  await ada.joinRoom(HARBOUR);

  // Another room is open while bob writes, so ada's page marks nothing of Harbour as read.
  await ada.createRoom(`Elsewhere ${TAG}`);
  await expect(ada.title).toHaveText(`Elsewhere ${TAG}`);
  for (let n = 1; n <= MESSAGES; n++) {
    await bob.say(ROOM, Array.from({ length: LINES }, (_, line) => `Ship ${n}, crate ${line + 1}`).join("\n"));
  }
  await expect(ada.room(HARBOUR).getByLabel(`${MESSAGES} unread`)).toBeVisible();

  await ada.room(HARBOUR).click();
  // The room opens at the first new message.
  await expect(ada.log.getByRole("separator", { name: "New" })).toBeInViewport();
  await expect(ada.pill).toHaveText(/new messages/);
  expect(ada.marked, "what is out of sight is not read").toBeLessThan(MESSAGES);
  await ada.pill.click();
  await expect(ada.message(`Ship ${MESSAGES}`)).toBeInViewport();
});

test.afterAll(async ({}, testInfo) => {
  await testInfo.attach("server log", { body: server.log });
  await window.close();
  await server.remove();
});

/** Expects that another user's new message comes into sight by itself, and counts as read. */
async function expectFollowed(text: string): Promise<void> {
  const seq = await bob.say(ROOM, text);
  await expect(ada.message(text)).toBeInViewport({ ratio: 1 });
  await expect.poll(() => ada.below()).toBeLessThanOrEqual(1);
  await expect(ada.pill).toHaveCount(0);
  await expect.poll(() => ada.marked).toBeGreaterThanOrEqual(seq);
}

/** Expects that a new message stays out of sight, that pill and badge show it, and that it is not read. */
async function expectTold(text: string, unread: number): Promise<void> {
  const seq = await bob.say(ROOM, text);
  await expect(ada.pill).toHaveText(unread === 1 ? "1 new message" : `${unread} new messages`);
  await expect(ada.room(HARBOUR).getByLabel(`${unread} unread`)).toBeVisible();
  // Its upper edge may show in the space that was below the last message.
  await expect(ada.message(text)).not.toBeInViewport({ ratio: 0.5 });
  await ada.page.waitForTimeout(MARKED_WITHIN_MS);
  expect(ada.marked, "what is out of sight is not read").toBeLessThan(seq);
}

async function expectAllRead(): Promise<void> {
  await expect(ada.pill).toHaveCount(0);
  await expect(ada.room(HARBOUR).getByLabel(/unread/)).toHaveCount(0);
  await expect.poll(() => ada.below()).toBeLessThanOrEqual(1);
}

/** Waits until the list stands still: a fling, or a wheel's last turn, goes on for a moment. */
async function expectRest(): Promise<void> {
  let before = Number.NaN;
  await expect
    .poll(async () => {
      const now = await ada.below();
      const rests = now === before;
      before = now;
      return rests;
    })
    .toBe(true);
}

test("the list follows", async () => {
  await expectAllRead();
  await expectFollowed("The pilot is on board");
});

test("it follows after a reaction", async () => {
  await expectFollowed("Before the reaction");
  await ada.act("Before the reaction", "React");
  await ada.page.getByRole("button", { name: "👍" }).first().click();
  await expect(ada.message("Before the reaction").getByRole("button", { name: "👍 1" })).toBeInViewport({ ratio: 1 });
  await ada.composer.hover();
  await expectFollowed("After the reaction");
});

test("it follows after a text was copied from the menu", async () => {
  await expectFollowed("Before the copy");
  await ada.act("Before the copy", "More");
  await ada.page.getByRole("menuitem", { name: "Copy text" }).click();
  await ada.composer.hover();
  await expectFollowed("After the copy");
});

test("a selected word stays in place, and the list returns once the selection is cleared", async () => {
  await expectFollowed("Before the selection");
  await ada.message("Before the selection").getByText("Before the").dblclick({ position: { x: 10, y: 10 } });
  expect(await ada.page.evaluate(() => String(getSelection()))).toContain("Before");
  await expectTold("During the selection", 1);
  expect(await ada.page.evaluate(() => String(getSelection()))).toContain("Before");
  await ada.composer.click();
  await expect(ada.message("During the selection")).toBeInViewport({ ratio: 1 });
  await expectAllRead();
  await expectFollowed("After the selection");
});

test("it follows after a tap and after a click", async () => {
  await expectFollowed("Before the tap");
  const touched = ada.message("Before the tap").getByText("Before the tap");
  await touched.tap();
  await expectFollowed("After the tap");
  await touched.click();
  await expectFollowed("After the click");
});

test("dragging the list down with a finger releases it", async () => {
  await expectFollowed("Before the finger");
  const touch = await window.newCDPSession(ada.page);
  const finger = (y: number) => [{ x: 500, y }];
  await touch.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: finger(200) });
  for (let y = 220; y <= 500; y += 20) {
    await touch.send("Input.dispatchTouchEvent", { type: "touchMove", touchPoints: finger(y) });
  }
  await touch.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
  await expect(ada.pill).toHaveText("Jump to newest");
  await expectTold("After the finger", 1);
  // A tap on a list that still scrolls only stops it.
  await expectRest();
  await ada.pill.tap();
  await expectAllRead();
});

test("keyboard focus keeps the list still, arrow keys reach the new message, and leaving returns", async () => {
  await expectFollowed("Before the focus");
  await ada.composer.focus();
  // Backwards from the composer: the list is one tab stop, at its newest message.
  const focused = ada.log.locator("article:focus");
  for (let tries = 0; tries < 6 && (await focused.count()) === 0; tries++) await ada.page.keyboard.press("Shift+Tab");
  await expect(focused).toContainText("Before the focus");
  await expectTold("During the focus", 1);
  await expect(focused).toContainText("Before the focus");
  await ada.page.keyboard.press("ArrowDown");
  await expect(focused).toContainText("During the focus");
  await expect(focused).toBeInViewport({ ratio: 0.9 });
  await ada.composer.focus();
  await expectAllRead();
  await expectFollowed("After the focus");
});

test("a reader of history stays there, and the pill goes all the way down", async () => {
  await expectAllRead();
  await ada.log.hover();
  const old = ada.message("Ship 2,");
  for (let turns = 0; turns < 40 && !(await old.isVisible().then((shown) => shown && inSight())); turns++) {
    await ada.page.mouse.wheel(0, -300);
    await ada.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  }
  async function inSight(): Promise<boolean> {
    const box = await old.boundingBox();
    return box !== null && box.y > 100 && box.y < 500;
  }
  await expectRest();
  const place = (await old.boundingBox())?.y ?? 0;
  await expectTold("News 1", 1);
  await expectTold("News 2", 2);
  await expectTold(Array.from({ length: 30 }, (_, line) => `News 3, line ${line}`).join("\n"), 3);
  expect(Math.abs(((await old.boundingBox())?.y ?? 0) - place)).toBeLessThanOrEqual(1);

  await ada.pill.click();
  await expect(ada.message("News 3")).toBeInViewport();
  await expectAllRead();
  await expectFollowed("After the pill");
});

test("the pill disappears when the conversation fits the window", async () => {
  await expectAllRead();
  await ada.log.hover();
  await ada.page.mouse.wheel(0, -600);
  await expect(ada.pill).toBeVisible();
  await ada.page.setViewportSize({ width: 1200, height: 6_000 });
  await expectAllRead();
  await ada.page.setViewportSize({ width: 1200, height: 700 });
  await expectFollowed("After the small window");
});

test("a wheel with nothing to scroll does not end the following", async () => {
  await bob.createRoom(PIER, `pier-${TAG}`);
  await ada.joinRoom(PIER);
  await ada.room(PIER).click();
  await expect(ada.title).toHaveText(PIER);
  await ada.log.hover();
  await ada.page.mouse.wheel(0, -300);
  await expect(ada.pill).toHaveCount(0);
  for (let n = 1; n <= 3; n++) {
    const text = Array.from({ length: 12 }, (_, line) => `Wave ${n}.${line}`).join("\n");
    const seq = await bob.say(`pier-${TAG}`, text);
    await expect.poll(() => ada.marked).toBeGreaterThanOrEqual(seq);
  }
  await expect.poll(() => ada.below()).toBeLessThanOrEqual(1);
  await expect(ada.message("Wave 3.")).toBeInViewport();
  await expect(ada.pill).toHaveCount(0);
});
