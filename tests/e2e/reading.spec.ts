/**
 * Covers reading a conversation: where a room opens, links to messages at any distance, and what is new. It needs a server with its own limits: one person writes more than people do.
 */
import { expect, test } from "@playwright/test";
import { Api } from "./api.ts";
import { Palaver } from "./palaver.ts";
import { follow, goTo, openReader, type Reader } from "./reader.ts";
import { showRooms } from "./visitor.ts";

// Each test continues where the previous one ended.
test.describe.configure({ mode: "serial" });

/** After this long the page's cache is written. */
const CACHED_MS = 1_000;
/** More than the page loads back to the first unread message. */
const MANY = 420;
/** With these an open room has more messages than it keeps. */
const MORE = 800;
const AT_ONCE = 8;
/** How often a poll looks. */
const EVERY = { intervals: [150] };

let server: Palaver;
let bob: Api;
let readers: Reader[] = [];
/** The seqs of bob's messages in Long, by number. */
const seqs: number[] = [];

test.beforeAll(async ({ browser }) => {
  const limits = ["SENDS_PER_10S", "REQUESTS_PER_MINUTE", "SIGN_INS_PER_MINUTE"];
  server = await Palaver.start(Object.fromEntries(limits.map((limit) => [`PALAVER_LIMITS_${limit}`, "1000000"])));
  bob = await Api.register(server.url, "bob");
  await bob.createRoom("Long", "long");
  for (let n = 1; n <= 60; n++) seqs[n] = await bob.say("long", `Line ${n}`);
  readers = [await openReader(browser, "wide"), await openReader(browser, "narrow")];
});

test.afterAll(async ({}, testInfo) => {
  await testInfo.attach("server log", { body: server.log });
  for (const { context } of readers) await context.close();
  await server.remove();
});

/** Is invited by bob, and accepts from the room's own address. */
async function accept({ chat }: Reader, room: string): Promise<void> {
  await bob.act(room, "invite", chat.name);
  await chat.page.goto(`${server.url}/r/${room}`);
  await chat.page.locator("#conversation").getByRole("button", { name: "Accept", exact: true }).click();
}

const bar = ({ chat }: Reader) => chat.page.getByRole("region", { name: "New messages" });

/** Scrolls to an end of the loaded messages, again and again until something holds. */
async function scrollUntil({ chat }: Reader, to: "top" | "bottom", holds: () => Promise<boolean>): Promise<void> {
  const scroll = async () => {
    await chat.log.evaluate((log, to) => log.scrollTo({ top: to === "top" ? 0 : log.scrollHeight }), to);
    return holds();
  };
  await expect.poll(scroll, EVERY).toBe(true);
}

test("who joins a room lands at its newest message", async () => {
  const id = await bob.createHiddenRoom("Secret");
  for (let n = 1; n <= 40; n++) await bob.say(id, `Secret ${n}`);
  for (const reader of readers) {
    const { chat } = reader;
    await chat.register(server.url);
    await chat.joinRoom("Long");
    await expect(chat.title).toHaveText("Long");
    await expect(chat.message("Line 60")).toBeInViewport({ ratio: 1 });
    await expect(chat.log.getByRole("separator", { name: "New" })).toHaveCount(0);
    await expect(chat.pill).toHaveCount(0);
  }
  // An invitation counts everything that the room has as unread.
  await bob.createRoom("Open", "open");
  for (let n = 1; n <= 40; n++) await bob.say("open", `Open ${n}`);
  for (const reader of readers) {
    const { chat } = reader;
    await accept(reader, "open");
    await expect(chat.message("Open 40")).toBeInViewport({ ratio: 1 });
    await expect(chat.log.getByRole("separator", { name: "New" })).toHaveCount(0);
    await showRooms(chat.page);
  }
});

test("with more than 400 unread messages a bar says how many, since when, and leads to the first", async () => {
  for (const { chat } of readers) await chat.page.goto(`${server.url}/health`);
  for (let n = 61; n <= 60 + MANY; n++) seqs[n] = await bob.say("long", `Line ${n}`);
  for (const reader of readers) {
    const { chat, pages } = reader;
    // A device that holds none of the messages.
    await chat.page.evaluate(async () => {
      for (const { name } of await indexedDB.databases()) indexedDB.deleteDatabase(name ?? "");
    });
    await chat.page.goto(server.url);
    await expect(chat.room("Long").getByLabel(/unread/)).toBeVisible();
    await goTo(reader, "Long");
    await expect(chat.message(`Line ${60 + MANY}`)).toBeInViewport();
    await expect(bar(reader)).toContainText(new RegExp(`${MANY} new since \\d+:\\d\\d`));
    await chat.page.screenshot({ path: test.info().outputPath(`bar-${reader.screen}.png`) });

    pages.length = 0;
    await bar(reader).getByRole("button", { name: "Jump" }).click();
    await expect(chat.message("Line 61")).toBeInViewport();
    await expect(chat.log.getByRole("separator", { name: "New" })).toBeInViewport();
    expect(pages, "one page around the first new message").toHaveLength(1);
    await expect(bar(reader)).toHaveCount(0);
    await chat.pill.click();
    await expect(chat.message(`Line ${60 + MANY}`)).toBeInViewport();

    await bar(reader).getByRole("button", { name: "Mark read" }).click();
    await expect(bar(reader)).toHaveCount(0);
    await showRooms(chat.page);
    await expect(chat.room("Long").getByLabel(/unread/)).toHaveCount(0);
  }
});

test("with fewer unread messages the bar shows while the line is out of sight above", async () => {
  for (let n = 41; n <= 100; n++) await bob.say("open", `Open ${n}`);
  for (const reader of readers) {
    const { chat } = reader;
    await expect(chat.room("Open").getByLabel("60 unread")).toBeVisible();
    await goTo(reader, "Open");
    await expect(chat.log.getByRole("separator", { name: "New" })).toBeInViewport();
    await expect(bar(reader)).toHaveCount(0);
    await chat.pill.click();
    await expect(chat.message("Open 100")).toBeInViewport();
    await expect(bar(reader)).toContainText("60 new since");
    await bar(reader).getByRole("button", { name: "Jump" }).click();
    await expect(chat.log.getByRole("separator", { name: "New" })).toBeInViewport();
    await expect(bar(reader)).toHaveCount(0);
  }
});

test("a page that starts with the room learns what is new from the server", async () => {
  for (const { chat } of readers) {
    // A reader who leaves a room at its end returns to its end; others return to where they were reading.
    if (await chat.pill.isVisible()) await chat.pill.click();
    await expect(chat.message("Open 100")).toBeInViewport();
    // The cache knows what was read half a second later; without it, the room would open at the line of the last time.
    await chat.page.waitForTimeout(CACHED_MS);
    await chat.page.goto(`${server.url}/health`);
  }
  for (let n = 101; n <= 160; n++) await bob.say("open", `Open ${n}`);
  for (const reader of readers) {
    await follow(reader, `${server.url}/r/open`);
    await expect(reader.chat.message("Open 160")).toBeInViewport();
    await expect(bar(reader)).toContainText("60 new since");
    await bar(reader).getByRole("button", { name: "Mark read" }).click();
    await expect(bar(reader)).toHaveCount(0);
  }
});

test("a link opens at any distance with one request, both ways lead on, and the pill leads back", async () => {
  for (const reader of readers) {
    const { chat, pages } = reader;
    await follow(reader, `${server.url}/r/long/${seqs[150]}`);
    const linked = chat.message("Line 150");
    await expect(linked).toBeInViewport({ ratio: 1 });
    await expect(linked).toHaveAttribute("data-flash", "true");
    expect(pages, "one page around the linked message").toHaveLength(1);
    await expect(chat.pill).toBeVisible();

    await scrollUntil(reader, "top", () => chat.log.getByText("Line 1", { exact: true }).isVisible());
    await chat.pill.click();
    await expect(chat.message(`Line ${60 + MANY}`)).toBeInViewport();
    await expect(chat.pill).toHaveCount(0);

    // The quote's way: from one place to another. Downwards, the list meets the newest messages and follows them.
    await follow(reader, `${server.url}/r/long/${seqs[300]}`);
    await expect(chat.message("Line 300")).toBeInViewport();
    await scrollUntil(reader, "bottom", async () => (await chat.pill.count()) === 0);
    await expect(chat.message(`Line ${60 + MANY}`)).toBeInViewport();
    // It follows again.
    const seq = await bob.say("long", `After the link on ${reader.screen}`);
    await expect(chat.message(`After the link on ${reader.screen}`)).toBeInViewport();
    await expect.poll(() => chat.marked).toBeGreaterThanOrEqual(seq);
  }
});

test("a link that cannot be shown says why", async () => {
  const hidden = await bob.createHiddenRoom("Den");
  const before = await bob.say(hidden, "Before them");
  await bob.remove("long", seqs[200] ?? 0);
  for (const reader of readers) {
    const { chat } = reader;
    const trouble = chat.page.getByRole("alert");
    await follow(reader, `${server.url}/r/long/${seqs[200]}`);
    await expect(trouble).toContainText("was deleted");
    await expect(chat.message("Message deleted")).toBeInViewport();
    await expect(chat.message("Line 199")).toBeInViewport();

    await follow(reader, `${server.url}/r/long/999999`);
    await expect(trouble).toContainText("no message with this number");
    await expect(chat.log.getByRole("article").last()).toBeInViewport();
    await chat.page.screenshot({ path: test.info().outputPath(`missing-${reader.screen}.png`) });
    await trouble.getByRole("button", { name: "Close" }).click();
    await expect(trouble).toHaveCount(0);

    await accept(reader, hidden);
    await expect(chat.composer).toBeVisible();
    await follow(reader, `${server.url}/r/${hidden}/${before}`);
    await expect(trouble).toContainText("before you joined");
    await expect(chat.page.getByText("Before them")).toHaveCount(0);

    // Offline, what the device has is shown; the answer comes with the connection.
    await follow(reader, `${server.url}/r/long`);
    await expect(chat.log.getByRole("article").last()).toBeInViewport();
    await chat.page.route("**/api/rooms/*/messages?*", (route) => route.abort());
    await chat.page.evaluate((path) => {
      history.pushState({ inside: true }, "", path);
      dispatchEvent(new PopStateEvent("popstate"));
    }, `/r/long/${seqs[90]}`);
    await expect(trouble).toContainText("server does not answer");
    await chat.page.unroute("**/api/rooms/*/messages?*");
    await trouble.getByRole("button", { name: "Retry" }).click();
    await expect(chat.message("Line 90")).toBeInViewport();
    await expect(trouble).toHaveCount(0);
    await chat.pill.click();
    await expect(chat.pill).toHaveCount(0);
  }
});

test("an open room keeps a bounded number of messages, and loads the older ones again", async () => {
  for (const reader of readers) {
    await follow(reader, `${server.url}/r/long`);
    await expect(reader.chat.log.getByRole("article").last()).toBeInViewport();
    await expect(reader.chat.pill).toHaveCount(0);
  }
  let said = 0;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (said < MORE) await bob.say("long", `Storm ${++said}`);
    }),
  );
  await bob.say("long", "The storm is over");
  for (const reader of readers) {
    const { chat, pages } = reader;
    await expect(chat.message("The storm is over")).toBeInViewport();
    pages.length = 0;
    // The dropped messages are loaded again.
    await scrollUntil(reader, "top", async () => pages.length > 0);
    await chat.pill.click();
    await expect(chat.message("The storm is over")).toBeInViewport();
  }
});
