/**
 * Covers a message in the list: its toolbar and menu, the keyboard and the finger, pins and days, pictures and sounds, and what Back and
 * Copy do.
 */
import { expect, type Page, test } from "@playwright/test";
import { Api } from "./api.ts";
import { Palaver } from "./palaver.ts";
import { animation, picture, sound } from "./picture.ts";
import { openReader, type Reader } from "./reader.ts";

// Each test continues where the previous one ended.
test.describe.configure({ mode: "serial" });

let server: Palaver;
let bob: Api;
let readers: Reader[] = [];

test.beforeAll(async ({ browser }) => {
  server = await Palaver.start({ PALAVER_LIMITS_SENDS_PER_10S: "1000000" });
  bob = await Api.register(server.url, "bob");
  await bob.createRoom("Hall", "hall");
  for (let n = 1; n <= 30; n++) await bob.say("hall", `Hall ${n}`);
  readers = [await openReader(browser, "wide"), await openReader(browser, "narrow")];
});

test.afterAll(async ({}, testInfo) => {
  await testInfo.attach("server log", { body: server.log });
  for (const { context } of readers) await context.close();
  await server.remove();
});

/** After this long the page has answered a step through the history. */
const HISTORY_MS = 600;

/** Sends a message with the button: Enter breaks the line on a phone. */
async function send({ chat }: Reader, text: string): Promise<void> {
  await chat.composer.fill(text);
  await chat.page.getByRole("button", { name: "Send", exact: true }).click();
}

/** Returns the toolbars of messages that show. */
const toolbars = ({ chat }: Reader) => chat.page.getByRole("toolbar", { name: "Message actions" });

test("one toolbar shows at a time, and the menu has every action", async () => {
  for (const reader of readers) {
    const { chat } = reader;
    await chat.register(server.url);
    await chat.joinRoom("Hall");
    await expect(chat.title).toHaveText("Hall");
    await send(reader, `Mine on ${reader.screen}`);
    await expect(chat.message(`Mine on ${reader.screen}`)).toHaveAttribute("data-status", "sent");

    await chat.message("Hall 29").focus();
    await expect(chat.message("Hall 29").getByRole("toolbar")).toBeVisible();
    // The row may move away from under the pointer while the list finds its place after the message.
    await expect(async () => {
      await chat.message("Hall 25").hover();
      await expect(chat.message("Hall 25").getByRole("toolbar")).toBeVisible({ timeout: 1_000 });
    }).toPass();
    await expect(toolbars(reader)).toHaveCount(1);
    await chat.page.keyboard.press("ArrowUp");
    await expect(chat.message("Hall 28").getByRole("toolbar")).toBeVisible();
    await expect(toolbars(reader)).toHaveCount(1);
    await chat.message("Hall 28").getByRole("button", { name: "More" }).press("Enter");
    await chat.page.mouse.move(200, 300);
    await expect(chat.page.getByRole("menu")).toBeVisible();
    expect(await chat.page.locator("[role=toolbar]").count()).toBe(1);
    await chat.page.keyboard.press("Escape");
    await expect(chat.page.getByRole("menu")).toHaveCount(0);

    await chat.message(`Mine on ${reader.screen}`).focus();
    await chat.message(`Mine on ${reader.screen}`).getByRole("button", { name: "More" }).press("Enter");
    await chat.page.getByRole("menuitem", { name: "Edit" }).click();
    await expect(chat.page.getByText("Editing your message")).toBeVisible();
    await chat.composer.press("Escape");
    await chat.message("Hall 27").focus();
    await chat.message("Hall 27").getByRole("button", { name: "More" }).press("Enter");
    await chat.page.getByRole("menuitem", { name: "React" }).click();
    await chat.page.getByRole("dialog", { name: "React" }).getByRole("button", { name: "👍" }).click();
    await expect(chat.message("Hall 27").getByRole("button", { name: /^👍 \d/ })).toBeVisible();
  }
});

test("a long press opens the menu where the phone sends no contextmenu, and a moving finger does not", async () => {
  for (const reader of readers) {
    const { chat, context } = reader;
    await chat.page.evaluate(() =>
      addEventListener(
        "contextmenu",
        (event) => {
          event.preventDefault();
          event.stopImmediatePropagation();
        },
        true,
      ),
    );
    const touch = await context.newCDPSession(chat.page);
    const box = await chat.message("Hall 26").getByText("Hall 26").boundingBox();
    const [x, y] = [(box?.x ?? 0) + 10, (box?.y ?? 0) + 5];
    const menu = chat.page.getByRole("menu");
    const finger = (type: "touchStart" | "touchMove" | "touchEnd", dy = 0) =>
      touch.send("Input.dispatchTouchEvent", { type, touchPoints: type === "touchEnd" ? [] : [{ x, y: y + dy }] });

    await finger("touchStart");
    await finger("touchMove", 15);
    await finger("touchMove", 30);
    await chat.page.waitForTimeout(700);
    await expect(menu).toHaveCount(0);
    // A list that still scrolls takes the press for a stop.
    await expect(async () => {
      await finger("touchEnd");
      const again = await chat.message("Hall 26").getByText("Hall 26").boundingBox();
      const touchPoints = [{ x: (again?.x ?? 0) + 10, y: (again?.y ?? 0) + 5 }];
      await touch.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints });
      await expect(menu).toBeVisible({ timeout: 1_500 });
    }).toPass();
    await finger("touchEnd");
    await expect(menu).toBeVisible();
    await chat.page.screenshot({ path: test.info().outputPath(`menu-${reader.screen}.png`) });
    await chat.page.keyboard.press("Escape");
    await expect(menu).toHaveCount(0);
  }
});

test("the focus stays on a message through all keys, far scrolling and deletion", async () => {
  for (const reader of readers) {
    const { chat } = reader;
    const focused = chat.log.locator("article:focus");
    await chat.message("Hall 29").focus();
    await chat.page.keyboard.press("Home");
    await expect(focused).toContainText(/Hall 1$/);
    await chat.page.keyboard.press("PageDown");
    await expect(focused).toContainText(/Hall (1\d|2\d)/);
    await expect(focused).toBeInViewport();
    await chat.page.keyboard.press("PageUp");
    await expect(focused).toContainText(/Hall 1$/);
    await chat.page.keyboard.press("End");
    await expect(focused).toContainText(/Mine on|Message deleted/);
    await expect(focused).toBeInViewport();

    // A row that is scrolled far away keeps it, too.
    await chat.log.evaluate((log) => log.scrollTo({ top: 0 }));
    await expect(focused).toContainText(/Mine on|Message deleted/);
    await chat.page.keyboard.press("ArrowUp");
    await expect(focused).toBeInViewport();
    await chat.page.keyboard.press("End");

    const seq = await bob.say("hall", `Short-lived ${reader.screen}`);
    await expect(chat.message(`Short-lived ${reader.screen}`)).toBeAttached();
    await chat.page.keyboard.press("End");
    await expect(focused).toContainText("Short-lived");
    await bob.remove("hall", seq);
    await expect(focused).toContainText("Message deleted");

    // The reader's own message, from its toolbar.
    await send(reader, `Regretted ${reader.screen}`);
    const own = chat.message(`Regretted ${reader.screen}`);
    await expect(own).toHaveAttribute("data-status", "sent");
    await own.focus();
    await own.getByRole("button", { name: "Delete", exact: true }).press("Enter");
    await chat.page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).press("Enter");
    await expect(focused).toContainText("Message deleted");
  }
});

test("a pin shows at its message, with who pinned it", async () => {
  const seq = await bob.say("hall", "The rules of the hall");
  await bob.pin("hall", seq);
  for (const { chat } of readers) await expect(chat.message("The rules of the hall")).toContainText("Pinned by bob");
});

test("the day stands beside the text", async () => {
  for (const reader of readers) {
    const { chat } = reader;
    await chat.log.evaluate((log) => log.scrollTo({ top: log.scrollTop - 200 }));
    const day = chat.page.getByTestId("top-day");
    await expect(day).toHaveText("Today");
    const [pill, log] = [await day.boundingBox(), await chat.log.boundingBox()];
    expect((pill?.y ?? 0) + (pill?.height ?? 0)).toBeLessThanOrEqual(log?.y ?? 0);
  }
});

test("pictures move, unless the reader prefers less motion; sounds and films play in place; several pictures form a grid", async () => {
  for (const reader of readers) {
    const { chat } = reader;
    const film = await chat.page.evaluate(async () => {
      const canvas = document.createElement("canvas");
      const recorder = new MediaRecorder(canvas.captureStream(20), { mimeType: "video/webm" });
      const chunks: Blob[] = [];
      recorder.ondataavailable = ({ data }) => chunks.push(data);
      recorder.start();
      for (let n = 0; n < 6; n++) {
        canvas.getContext("2d")?.fillRect(n, n, 9, 9);
        await new Promise((resolve) => setTimeout(resolve, 60));
      }
      await new Promise((resolve) => {
        recorder.onstop = resolve;
        recorder.stop();
      });
      return [...new Uint8Array(await new Blob(chunks).arrayBuffer())];
    });
    const files = [
      { name: "wave.gif", mimeType: "image/gif", buffer: animation() },
      { name: "sky.png", mimeType: "image/png", buffer: picture() },
      { name: "sea.png", mimeType: "image/png", buffer: picture("sea") },
      { name: "tone.wav", mimeType: "audio/wav", buffer: sound() },
      { name: "film.webm", mimeType: "video/webm", buffer: Buffer.from(film) },
    ];
    await chat.page.getByLabel("Attach files").setInputFiles(files);
    await send(reader, `Files on ${reader.screen}`);
    const message = chat.message(`Files on ${reader.screen}`);
    await expect(message).toHaveAttribute("data-status", "sent");

    // The same bytes as were sent: a preview would have one frame.
    const gif = message.getByAltText("wave.gif");
    await expect(gif).toBeVisible();
    const sizes = await gif.evaluate(async (image: HTMLImageElement) => [image.naturalWidth, image.src.startsWith("blob:")]);
    expect(sizes).toEqual([64, true]);

    const tiles = await Promise.all(["wave.gif", "sky.png", "sea.png"].map((name) => message.getByAltText(name).boundingBox()));
    expect(new Set(tiles.map((tile) => Math.round(tile?.y ?? 0))).size, "in one row").toBe(1);
    expect(new Set(tiles.map((tile) => Math.round(tile?.width ?? 0))).size, "of one size").toBe(1);

    for (const kind of ["audio", "video"] as const) {
      const player = message.locator(kind);
      await expect(player).toHaveAttribute("controls", "");
      await expect.poll(() => player.evaluate((media: HTMLMediaElement) => media.readyState)).toBeGreaterThanOrEqual(1);
    }
    await message.locator("audio").evaluate((media: HTMLMediaElement) => {
      media.muted = true;
      return media.play();
    });
    await chat.page.screenshot({ path: test.info().outputPath(`files-${reader.screen}.png`) });

    await chat.page.emulateMedia({ reducedMotion: "reduce" });
    await expect(message.getByRole("img", { name: "wave.gif" })).toHaveJSProperty("tagName", "CANVAS");
    await message.getByRole("button", { name: "Play wave.gif" }).click();
    await expect(message.getByAltText("wave.gif")).toBeVisible();
    await message.getByRole("button", { name: "Pause wave.gif" }).click();
    await expect(message.getByRole("img", { name: "wave.gif" })).toHaveJSProperty("tagName", "CANVAS");
    await chat.page.emulateMedia({ reducedMotion: "no-preference" });
  }
});

test("Back closes what is open before it leaves the room", async () => {
  for (const reader of readers) {
    const { chat, screen } = reader;
    const { page } = chat;
    await page.goto(server.url);
    await chat.room("Hall").click();
    await expect(chat.title).toHaveText("Hall");
    const stays = async (layer: ReturnType<Page["locator"]>) => {
      await expect(layer).toBeVisible();
      await page.goBack();
      await expect(layer).toHaveCount(0);
      await expect(page).toHaveURL(/\/r\/hall$/);
      await page.goForward();
      // The page goes back again, since there is nothing to show there.
      await page.waitForTimeout(HISTORY_MS);
      await expect(layer).toHaveCount(0);
    };
    await chat.message(`Files on ${screen}`).getByRole("button", { name: "Open sky.png" }).click();
    await stays(page.getByRole("dialog", { name: "sky.png" }));
    if (screen === "narrow") {
      await page.getByRole("button", { name: "People", exact: true }).click();
      await stays(page.getByRole("region", { name: "People" }));
      await page.getByRole("button", { name: "Room menu" }).click();
      await stays(page.getByRole("menu"));
      await page.getByRole("button", { name: "Room menu" }).click();
      await page.getByRole("menuitem", { name: "Leave" }).click();
      await stays(page.getByRole("alertdialog"));
      // What closes by itself leaves nothing behind.
      await page.getByRole("button", { name: "Room menu" }).click();
      await page.keyboard.press("Escape");
      await expect(page.getByRole("menu")).toHaveCount(0);
      await page.waitForTimeout(HISTORY_MS);
    }
    await page.goBack();
    await expect(page).toHaveURL(`${server.url}/`);
    await page.goForward();
    await expect(chat.title).toHaveText("Hall");
  }
});

test("copying works on a page that came without encryption, or says that it does not", async () => {
  for (const { chat, screen } of readers) {
    const { page } = chat;
    await page.evaluate(() => Object.defineProperty(navigator, "clipboard", { value: undefined, configurable: true }));
    const copy = async (item: string) => {
      await chat.message(`Files on ${screen}`).focus();
      await chat.message(`Files on ${screen}`).getByRole("button", { name: "More" }).press("Enter");
      await page.getByRole("menuitem", { name: item }).click();
    };
    await copy("Copy text");
    await chat.composer.click();
    await page.keyboard.press("Control+V");
    await expect(chat.composer).toContainText(`Files on ${screen}`);
    await chat.composer.fill("");
    await copy("Copy link");
    await expect(page.getByText("Link copied.")).toBeVisible();
    await page.evaluate(() => {
      document.execCommand = () => false;
    });
    await copy("Copy link");
    await expect(page.getByText(/does not let the page copy.*\/r\/hall\/\d+/), screen).toBeVisible();
  }
});

test("the countdown to a reconnect is not announced; the state is, once", async () => {
  for (const { chat } of readers) {
    await chat.page.evaluate(() => {
      const said: string[] = [];
      Object.assign(window, { said });
      new MutationObserver((changes) => {
        for (const { target } of changes) {
          const element = target instanceof Element ? target : target.parentElement;
          const region = element?.closest("[role=status], [role=alert], [aria-live=polite], [aria-live=assertive]");
          if (region?.textContent) said.push(region.textContent);
        }
      }).observe(document.body, { subtree: true, childList: true, characterData: true });
    });
  }
  await server.kill();
  for (const { chat } of readers) await expect(chat.page.getByTestId("connection-bar")).toContainText(/in \d+ s/);
  await readers[0]?.chat.page.waitForTimeout(2_500);
  for (const { chat } of readers) {
    const said = await chat.page.evaluate(() => (window as unknown as { said: string[] }).said);
    expect(said.filter((text) => /reconnect|connect/i.test(text))).toEqual(["Reconnecting…"]);
  }
  await server.startAgain();
  for (const { chat } of readers) await expect(chat.page.getByTestId("connection-bar")).toHaveCount(0, { timeout: 30_000 });
});

test("today becomes yesterday at midnight", async () => {
  for (const { chat, context } of readers) {
    await context.clock.install();
    await chat.page.goto(`${server.url}/r/hall`);
    const heading = chat.log.getByRole("heading", { level: 2 });
    await expect(chat.page.getByTestId("top-day")).toHaveText("Today");
    // The list renders only what is in sight, and returns to its end when it connects again.
    const firstDay = async () => {
      await chat.log.evaluate((log) => log.scrollTo({ top: 0 }));
      return heading.first().textContent({ timeout: 500 }).catch(() => null);
    };
    await expect.poll(firstDay).toBe("Today");
    const now = new Date();
    const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1);
    await context.clock.fastForward(midnight.getTime() - now.getTime() + 1_000);
    await expect.poll(firstDay).toBe("Yesterday");
  }
});
