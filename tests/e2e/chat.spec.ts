/** Covers the first thing that users try: two people chat in two windows, and the server may crash meanwhile. */
import { type BrowserContext, expect, test } from "@playwright/test";
import { Chat } from "./page.ts";
import { Palaver } from "./palaver.ts";
import { picture } from "./picture.ts";

// Each test continues where the previous one ended.
test.describe.configure({ mode: "serial" });

let server: Palaver;
let windows: BrowserContext[];
let ada: Chat;
let bob: Chat;
/** Set on each page after its first load; a reload would lose it. */
const MARK = "neverReloaded";

test.beforeAll(async ({ browser }) => {
  server = await Palaver.start();
  windows = [await browser.newContext(), await browser.newContext()];
  const [first, second] = await Promise.all(windows.map((window) => window.newPage()));
  ada = new Chat(first, "ada");
  bob = new Chat(second, "bob");
});

test.afterAll(async ({}, testInfo) => {
  await testInfo.attach("server log", { body: server.log });
  await Promise.all(windows.map((window) => window.close()));
  await server.remove();
});

test("two people register", async () => {
  for (const person of [ada, bob]) {
    await person.register(server.url);
    await expect(person.page.getByRole("navigation", { name: "Rooms" })).toBeVisible();
    await person.page.evaluate((mark) => Object.assign(window, { [mark]: true }), MARK);
  }
});

test("one user creates a room, the other joins it", async () => {
  await ada.createRoom("Garden");
  await expect(ada.room("Garden")).toBeVisible();
  await ada.room("Garden").click();
  await expect(ada.title).toHaveText("Garden");
  await expect(ada.composer).toBeVisible();

  await bob.joinRoom("Garden");
  await bob.room("Garden").click();
  await expect(bob.composer).toBeVisible();
});

test("they see each other's messages", async () => {
  await ada.say("Good morning from Ada");
  await expect(bob.message("Good morning from Ada")).toContainText("ada");
  await bob.say("Good morning from Bob");
  await expect(ada.message("Good morning from Bob")).toContainText("bob");
  await expect(ada.message("Good morning from Ada")).toHaveCount(1);
});

test("typing shows while the other user writes", async () => {
  await bob.composer.pressSequentially("I am thinking");
  await expect(ada.typing).toContainText("bob");
  await bob.composer.fill("");
  await expect(ada.typing).not.toContainText("bob");
});

test("presence shows who is online and who has left", async ({ browser }) => {
  const people = await ada.people();
  const line = (name: string) => people.getByRole("listitem").filter({ hasText: name });
  await expect(line("bob")).toHaveAttribute("data-status", "online");

  const window = await browser.newContext();
  const eve = new Chat(await window.newPage(), "eve");
  await eve.register(server.url);
  await eve.joinRoom("Garden");
  await expect(line("eve")).toHaveAttribute("data-status", "online");
  await window.close();
  // The last socket has closed; the others learn it with the next batch or the next full list.
  await expect(line("eve")).toHaveAttribute("data-status", "offline", { timeout: 50_000 });
});

test("an uploaded picture arrives as a picture", async () => {
  await ada.page.getByLabel("Attach files").setInputFiles({ name: "sunrise.png", mimeType: "image/png", buffer: picture() });
  await expect(ada.page.getByText("sunrise.png").first()).toBeVisible();
  await ada.say("Look at the sky");
  const shown = bob.message("Look at the sky").getByAltText("sunrise.png");
  await expect(shown).toBeVisible();
  // It has pixels: the picture that arrived was decoded, not just announced.
  await expect.poll(() => shown.evaluate((image) => (image as HTMLImageElement).naturalWidth)).toBeGreaterThan(0);
});

test("an edit replaces the text for both", async () => {
  await bob.say("See you at nine");
  await expect(ada.message("See you at nine")).toBeVisible();
  await bob.act("See you at nine", "Edit");
  await expect(bob.composer).toHaveValue("See you at nine");
  await bob.say("See you at ten");
  for (const person of [ada, bob]) {
    await expect(person.message("See you at ten")).toContainText(/edited/i);
    await expect(person.message("See you at nine")).toHaveCount(0);
  }
});

test("a reaction is counted for both", async () => {
  await ada.act("See you at ten", "React");
  await ada.page.getByRole("button", { name: "👍" }).first().click();
  for (const person of [ada, bob]) {
    await expect(person.message("See you at ten").getByRole("button", { name: "👍 1" })).toBeVisible();
  }
  await bob.message("See you at ten").getByRole("button", { name: "👍 1" }).click();
  await expect(ada.message("See you at ten").getByRole("button", { name: "👍 2" })).toBeVisible();
});

test("a room that is not open counts unread messages, and a mention causes a notification", async () => {
  await bob.createRoom("Kitchen");
  await bob.room("Kitchen").click();
  await expect(bob.title).toHaveText("Kitchen");
  await bob.say("Bob is alone here");
  await expect(bob.message("Bob is alone here")).toBeVisible();

  await ada.say("Where is everybody?");
  await expect(bob.room("Garden").getByLabel("1 unread")).toBeVisible();
  await ada.say("I miss @bob here");
  await expect(bob.room("Garden").getByLabel(/1 mention/)).toBeVisible();
  await expect(bob.notifications).toHaveAccessibleName(/1 unread/);
  await bob.notifications.click();
  await expect(bob.page.getByText(/I miss/).first()).toBeVisible();
  await bob.page.keyboard.press("Escape");

  await bob.room("Garden").click();
  await expect(bob.message("I miss")).toBeVisible();
  await expect(bob.room("Garden").getByLabel(/unread/)).toHaveCount(0);
});

test("a killed server loses nothing, and messages written meanwhile arrive once", async () => {
  await ada.say("Before the crash");
  await expect(bob.message("Before the crash")).toBeVisible();
  await server.kill();

  await ada.say("Written while the server was dead");
  await expect(ada.message("Written while the server was dead")).toBeVisible();
  await expect(ada.connection).toContainText(/reconnecting/i);
  await expect(bob.connection).toContainText(/reconnecting/i);
  await server.startAgain();

  await expect(bob.message("Written while the server was dead")).toHaveCount(1, { timeout: 45_000 });
  await bob.say("After the crash");
  await expect(ada.message("After the crash")).toBeVisible({ timeout: 45_000 });
  for (const person of [ada, bob]) {
    for (const text of ["Good morning from Ada", "Good morning from Bob", "Look at the sky", "See you at ten", "Before the crash"]) {
      await expect(person.message(text)).toHaveCount(1);
    }
    await expect(person.message("Written while the server was dead")).toHaveCount(1);
    expect(await person.page.evaluate((mark) => mark in window, MARK), "the page was not reloaded").toBe(true);
  }
});

test("the log holds each message once, in one order for both", async () => {
  const texts = (person: Chat) => person.log.getByRole("article").allInnerTexts();
  // A freshly loaded page, without its own memory, shows what the server stored.
  await bob.page.reload();
  await expect(bob.message("After the crash")).toBeVisible();
  await expect(bob.message("Written while the server was dead")).toHaveCount(1);
  const order = (all: string[]) =>
    ["Before the crash", "Written while the server was dead", "After the crash"].map((text) =>
      all.findIndex((shown) => shown.includes(text)),
    );
  expect(order(await texts(bob))).toEqual(order(await texts(bob)).toSorted((a, b) => a - b));
  expect(await texts(ada).then((all) => all.filter((text) => text.includes("Written while")).length)).toBe(1);
});
