/**
 * Covers writing: keys of an input method, pasting, what survives another room and a reload, and why a message is not sent; on a
 * wide screen and on a phone.
 */
import { type BrowserContext, expect, type Locator, type Page, test } from "@playwright/test";
import { Api } from "./api.ts";
import { Chat } from "./page.ts";
import { Palaver } from "./palaver.ts";
import { picture } from "./picture.ts";
import { showRooms } from "./visitor.ts";

const PICTURE = { name: "sunrise.png", mimeType: "image/png", buffer: picture() };
const SCREENS = {
  desktop: { viewport: { width: 1280, height: 900 } },
  phone: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
};
/** Messages with this text are refused by the server, as far as the page can see. */
const REFUSED = "nobody wants this";
const MIB = 1024 * 1024;

let server: Palaver;

test.beforeAll(async () => {
  server = await Palaver.start({ PALAVER_LIMITS_SENDS_PER_10S: "1000", PALAVER_LIMITS_REQUESTS_PER_MINUTE: "10000" });
});

test.afterAll(async ({}, testInfo) => {
  await testInfo.attach("server log", { body: server.log });
  await server.remove();
});

for (const [screen, options] of Object.entries(SCREENS)) {
  test.describe(`on a ${screen}`, () => {
    let window: BrowserContext;
    let page: Page;
    let ada: Chat;
    const garden = `Garden ${screen}`;
    const kitchen = `Kitchen ${screen}`;

    test.beforeAll(async ({ browser }) => {
      window = await browser.newContext({ ...options, permissions: ["clipboard-read", "clipboard-write"] });
      await window.routeWebSocket(/\/v1\/ws/, refuse);
      page = await window.newPage();
      ada = new Chat(page, `ada-${screen}`);
      await ada.register(server.url);
      await ada.createRoom(kitchen);
      await expect(ada.title).toHaveText(kitchen);
      await showRooms(page);
      await ada.createRoom(garden);
      await expect(ada.title).toHaveText(garden);
      for (const name of ["bob1", "bob2"]) {
        const bob = await Api.guest(server.url, `${name}-${screen}`);
        await bob.join(`garden-${screen}`);
      }
    });

    test.afterAll(() => window.close());

    async function open(room: string): Promise<void> {
      await showRooms(page);
      await ada.room(room).click();
      await expect(ada.title).toHaveText(room);
    }

    async function send(text?: string): Promise<void> {
      if (text !== undefined) await ada.composer.fill(text);
      await page.getByRole("button", { name: /^(Send|Save changes)$/ }).click();
    }

    const attached = (name: string): Locator =>
      page.getByRole("list", { name: "Files to send" }).getByRole("listitem").filter({ hasText: name });
    const attach = (file: typeof PICTURE) => page.getByLabel("Attach files").setInputFiles(file);

    /** Expects that the composer says why it does not send, to everyone. */
    async function expectRefusal(text: RegExp): Promise<void> {
      await expect(page.getByRole("alert").filter({ hasText: text })).toBeVisible();
      await expect(ada.composer).toHaveAccessibleDescription(text);
    }

    async function expectNoRefusal(): Promise<void> {
      await expect(ada.composer).toHaveAccessibleDescription("");
    }

    test("keys of an input method do nothing on the page", async () => {
      await ada.composer.fill("こんにちは");
      await typeForInputMethod(page, "Enter");
      await expect(ada.composer).toHaveValue("こんにちは");
      await expect(ada.log.getByRole("article")).toHaveCount(0);

      await ada.composer.fill("");
      await ada.composer.pressSequentially("@b");
      const people = page.getByRole("listbox");
      await expect(people.getByRole("option")).toHaveCount(2);
      for (const key of ["ArrowDown", "Enter", "Tab", "Escape"]) await typeForInputMethod(page, key);
      await expect(people.getByRole("option").first()).toHaveAttribute("aria-selected", "true");
      await expect(ada.composer).toHaveValue("@b");
      await ada.composer.press("ArrowDown");
      await ada.composer.press("Enter");
      await expect(ada.composer).toHaveValue(`@bob2-${screen} `);
      await ada.composer.fill("");
      await expect(ada.log.getByRole("article")).toHaveCount(0);

      await showRooms(page);
      await page.getByRole("navigation", { name: "Rooms" }).getByRole("button", { name: "Create room" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByRole("textbox", { name: "Room name" }).fill("部屋");
      for (const key of ["Enter", "Escape"]) await typeForInputMethod(page, key);
      await expect(dialog.getByRole("textbox", { name: "Room name" })).toHaveValue("部屋");
      await page.keyboard.press("Escape");
      await expect(dialog).toBeHidden();
      await open(garden);
    });

    test("a paste takes the text, if there is one, and else the picture", async () => {
      await ada.composer.focus();
      await copy(page, "from a table");
      await page.keyboard.press("Control+V");
      await expect(ada.composer).toHaveValue("from a table");
      await expect(page.getByRole("list", { name: "Files to send" })).toHaveCount(0);
      await ada.composer.fill("");

      await copy(page, null);
      await page.keyboard.press("Control+V");
      await expect(attached("image.png")).toBeVisible();
      await expect(ada.composer).toHaveValue("");
      await attached("image.png").getByRole("button", { name: /^Remove/ }).click();
    });

    test("a draft survives a reload right after the last key, with the caret at its end", async () => {
      for (let n = 1; n <= (screen === "phone" ? 5 : 20); n++) {
        const text = `A thought, ${n}`;
        await ada.composer.fill(text.slice(0, -2));
        await ada.composer.pressSequentially(text.slice(-2));
        await page.reload();
        await expect(ada.composer).toHaveValue(text);
        expect(await caret(ada.composer)).toBe(text.length);
      }
      await open(kitchen);
      await expect(ada.composer).toHaveValue("");
      await open(garden);
      await expect(ada.composer).toHaveValue(/A thought/);
      await ada.composer.fill("");
    });

    test("a message survives a reload in the instant in which it is sent", async () => {
      const times = screen === "phone" ? 3 : 10;
      for (let n = 1; n <= times; n++) {
        await ada.composer.fill(`Sent and left, ${n}.`);
        const loaded = page.waitForEvent("load");
        await page.getByRole("button", { name: "Send", exact: true }).evaluate((button: HTMLButtonElement) => {
          button.click();
          location.reload();
        });
        await loaded;
        await expect(ada.message(`Sent and left, ${n}.`)).toHaveCount(1);
        await expect(ada.composer).toHaveValue("");
      }
    });

    test("an edit survives another room and a reload, and the draft comes back after it", async () => {
      await send("See you at nine");
      await expect(ada.message("See you at nine")).toBeVisible();
      await ada.composer.fill("the draft");
      await edit(ada, "See you at nine");
      await expect(ada.composer).toHaveValue("See you at nine");
      await ada.composer.pressSequentially(" or ten");
      await page.reload();
      await expect(page.getByText("Editing your message")).toBeVisible();
      await expect(ada.composer).toHaveValue("See you at nine or ten");
      expect(await caret(ada.composer)).toBe("See you at nine or ten".length);

      await open(kitchen);
      await expect(ada.composer).toHaveValue("");
      await open(garden);
      await expect(ada.composer).toHaveValue("See you at nine or ten");
      await send();
      await expect(ada.message("See you at nine or ten")).toContainText("(edited)");
      await expect(ada.composer).toHaveValue("the draft");
      await ada.composer.fill("");

      await ada.composer.press("ArrowUp");
      await expect(ada.composer).toHaveValue("See you at nine or ten");
      await send("");
      await expectRefusal(/cannot be empty/);
      await page.screenshot({ path: test.info().outputPath("empty-edit.png") });
      await ada.composer.pressSequentially("x");
      await expectNoRefusal();
      await ada.composer.press("Escape");
      await expect(page.getByText("Editing your message")).toBeHidden();
      await expect(ada.message("See you at nine or ten")).toBeVisible();
    });

    test("files survive another room and a reload, uploaded or not, and are sent from there", async () => {
      await attach(PICTURE);
      await expect(attached("sunrise.png").getByRole("progressbar")).toHaveCount(0);
      await open(kitchen);
      await expect(page.getByRole("list", { name: "Files to send" })).toHaveCount(0);
      await open(garden);
      await expect(attached("sunrise.png")).toBeVisible();

      // The second upload does not end before the page is reloaded.
      await page.route("**/api/files/upload", () => undefined);
      await attach({ ...PICTURE, name: "noon.png" });
      await expect(attached("noon.png").getByRole("progressbar")).toBeVisible();
      await page.reload();
      await expect(attached("noon.png").getByRole("progressbar")).toBeVisible();
      await page.unrouteAll({ behavior: "ignoreErrors" });
      await page.reload();
      for (const name of ["sunrise.png", "noon.png"]) {
        await expect(attached(name).locator("img")).toBeVisible();
        await expect(attached(name).getByRole("progressbar")).toHaveCount(0);
      }
      await edit(ada, "See you at nine or ten");
      await expect(page.getByRole("list", { name: "Files to send" }), "they wait as the text does").toHaveCount(0);
      await copy(page, null);
      await page.keyboard.press("Control+V");
      await expect(page.getByText("Save or cancel your edit first.")).toBeVisible();
      await ada.composer.press("Escape");
      await send("Two pictures");
      await expect(ada.message("Two pictures").getByRole("img")).toHaveCount(2);
      await expect(page.getByRole("list", { name: "Files to send" })).toHaveCount(0);
    });

    test("a message that waits for its file is sent while another room is open", async () => {
      let goOn = () => undefined as unknown;
      const held = new Promise((resolve) => {
        goOn = () => resolve(undefined);
      });
      await page.route("**/api/files/upload", async (route) => {
        await held;
        await route.continue();
      });
      await attach(PICTURE);
      await send("It follows");
      await expect(page.getByText("Will be sent once the files are uploaded.")).toBeVisible();
      await open(kitchen);
      goOn();
      await open(garden);
      await expect(ada.message("It follows").getByRole("img")).toBeVisible();
      await expect(ada.composer).toHaveValue("");
      await page.unrouteAll({ behavior: "ignoreErrors" });
    });

    test("what stands in the way of a message is said until it is gone", async () => {
      await ada.composer.fill("x".repeat(4012));
      await expectNoRefusal();
      await send();
      await expectRefusal(/12 characters too long/);
      await page.screenshot({ path: test.info().outputPath("too-long.png") });
      await ada.composer.press("Backspace");
      await expectRefusal(/11 characters too long/);
      await ada.composer.fill("short");
      await expectNoRefusal();

      await page.route("**/api/files/upload", (route) => route.abort());
      await attach(PICTURE);
      await expect(attached("sunrise.png")).toContainText("Check your connection");
      await send();
      await expectRefusal(/sunrise.png could not be uploaded/);
      await page.screenshot({ path: test.info().outputPath("failed-file.png") });
      await page.unrouteAll({ behavior: "ignoreErrors" });
      await attached("sunrise.png").getByRole("button", { name: "Upload sunrise.png again" }).click();
      await expectNoRefusal();
      await send();
      await expect(ada.message("short").getByRole("img")).toBeVisible();
    });

    test("a file is measured by the server's limit, in MiB", async () => {
      const limits = { upload_bytes: MIB };
      await page.route("**/api/config", (route) => route.fulfill({ json: { guests: true, registration: true, contact: null, limits } }));
      await page.reload();
      await attach({ name: "just.bin", mimeType: "application/octet-stream", buffer: Buffer.alloc(MIB) });
      await expect(attached("just.bin")).toContainText("1 MiB");
      await expect(attached("just.bin").getByRole("progressbar")).toHaveCount(0);
      await attach({ name: "more.bin", mimeType: "application/octet-stream", buffer: Buffer.alloc(MIB + 1) });
      await expect(attached("more.bin")).toContainText("more.bin is larger than 1 MiB");
      for (const name of ["just.bin", "more.bin"]) await attached(name).getByRole("button", { name: /^Remove/ }).click();
      await page.unrouteAll({ behavior: "ignoreErrors" });
    });

    test("a message that was refused marks its room until it is discarded", async () => {
      await send(REFUSED);
      await expect(ada.message(REFUSED)).toContainText("You cannot write here now.");
      await open(kitchen);
      await showRooms(page);
      await expect(ada.room(garden).getByRole("img", { name: "1 message was not sent" })).toBeVisible();
      await page.screenshot({ path: test.info().outputPath("failed-room.png") });
      await open(garden);
      await ada.message(REFUSED).getByRole("button", { name: "Discard" }).click();
      await showRooms(page);
      await expect(ada.room(garden).getByRole("img", { name: /not sent/ })).toHaveCount(0);
      await open(garden);
    });

    test("two tabs keep their own drafts", async () => {
      const other = new Chat(await window.newPage(), `ada-${screen}`);
      await other.page.goto(page.url());
      await ada.composer.fill("from one tab");
      await other.composer.fill("from the other tab");
      await Promise.all([page.reload(), other.page.reload()]);
      await expect(ada.composer).toHaveValue("from one tab");
      await expect(other.composer).toHaveValue("from the other tab");
      await ada.composer.fill("");
      await other.page.close();
    });

    test("where nothing may be stored, a draft survives another room", async ({ browser }) => {
      const blocked = await browser.newContext(options);
      await blocked.addInitScript(() => {
        for (const name of ["localStorage", "sessionStorage"]) {
          Object.defineProperty(globalThis, name, {
            get: () => {
              throw new DOMException("Access is denied for this document.", "SecurityError");
            },
          });
        }
      });
      const eve = new Chat(await blocked.newPage(), `eve-${screen}`);
      await eve.register(server.url);
      await showRooms(eve.page);
      for (const room of [garden, kitchen]) {
        await eve.joinRoom(room);
        // The room opens a moment later.
        await expect(eve.title).toHaveText(room);
        await showRooms(eve.page);
      }
      await eve.room(garden).click();
      await eve.composer.fill("in memory");
      await eve.page.getByLabel("Attach files").setInputFiles(PICTURE);
      await showRooms(eve.page);
      await eve.room(kitchen).click();
      await expect(eve.title).toHaveText(kitchen);
      await expect(eve.composer).toHaveValue("");
      await showRooms(eve.page);
      await eve.room(garden).click();
      await expect(eve.composer).toHaveValue("in memory");
      await eve.page.getByRole("button", { name: "Send", exact: true }).click();
      await expect(eve.message("in memory").getByRole("img")).toBeVisible();
      await blocked.close();
    });

    test("the place where one was reading survives another room and reloads", async () => {
      const bob = await Api.register(server.url, `bob-${screen}`);
      const attic = `Attic ${screen}`;
      await bob.createRoom(attic, `attic-${screen}`);
      for (let n = 1; n <= 40; n++) await bob.say(`attic-${screen}`, `Box ${n}.\nwith\nfour\nlines`);
      await showRooms(page);
      await ada.joinRoom(attic);
      await expect(ada.title).toHaveText(attic);
      if (await ada.pill.isVisible()) await ada.pill.click();
      await expect(ada.message("Box 40.")).toBeInViewport();

      await ada.message("Box 40.").hover();
      await ada.log.evaluate((log) => log.scrollBy(0, -1500));
      await expect(ada.pill).toBeVisible();
      await rest(ada.log);
      const place = await topOf(ada.log);
      expect(place.text).toMatch(/^Box/);
      for (const away of [() => open(kitchen).then(() => open(attic)), () => page.reload(), () => page.reload()]) {
        await away();
        await expect.poll(() => topOf(ada.log), { message: "the same line is at the upper edge" }).toEqual(place);
      }
      await ada.pill.click();
      await expect(ada.message("Box 40.")).toBeInViewport();
      await page.reload();
      await expect(ada.message("Box 40.")).toBeInViewport();
    });
  });
}

/** Begins to edit a message, from wherever this screen offers it. */
async function edit(chat: Chat, text: string): Promise<void> {
  const message = chat.message(text);
  await message.focus();
  await message.getByRole("button", { name: "Edit", exact: true }).click();
}

/** Presses a key as Safari reports it when it ends a composition, and as other browsers do while there is one. */
async function typeForInputMethod(page: Page, key: string): Promise<void> {
  await page.evaluate((name) => {
    for (const isComposing of [false, true]) {
      const event = { key: name, code: name, keyCode: 229, isComposing, bubbles: true, cancelable: true };
      document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", event));
    }
  }, key);
  const keys = await page.context().newCDPSession(page);
  const text = key === "Enter" ? { text: "\r" } : {};
  // A text of many lines gets its break from the browser, whose input method does not give one.
  if (await page.evaluate(() => document.activeElement instanceof HTMLTextAreaElement)) return;
  await keys.send("Input.dispatchKeyEvent", { type: "keyDown", key, code: key, windowsVirtualKeyCode: 229, ...text });
  await keys.send("Input.dispatchKeyEvent", { type: "keyUp", key, code: key, windowsVirtualKeyCode: 229 });
}

/** Puts a picture on the clipboard, with a text beside it or alone. */
async function copy(page: Page, text: string | null): Promise<void> {
  await page.evaluate(
    async ([base64, beside]) => {
      const bytes = Uint8Array.from(atob(base64 ?? ""), (letter) => letter.charCodeAt(0));
      const item: Record<string, Blob> = { "image/png": new Blob([bytes], { type: "image/png" }) };
      if (beside) item["text/plain"] = new Blob([beside], { type: "text/plain" });
      await navigator.clipboard.write([new ClipboardItem(item)]);
    },
    [picture().toString("base64"), text],
  );
}

function caret(field: Locator): Promise<number> {
  return field.evaluate((element) => (element as HTMLTextAreaElement).selectionStart);
}

/** Returns the message at the upper edge of the log, and how far it is above it. */
function topOf(log: Locator): Promise<{ text: string; above: number }> {
  return log.evaluate((frame) => {
    const edge = frame.getBoundingClientRect().top;
    const rows = [...frame.querySelectorAll("article")];
    const top = rows.find((row) => row.getBoundingClientRect().bottom > edge + 1);
    const box = top?.getBoundingClientRect();
    const text = /Box \d+/.exec(top?.textContent ?? "")?.[0] ?? "";
    return { text, above: Math.round((edge - (box?.top ?? 0)) / 4) };
  });
}

/** Waits until the list stands still. */
async function rest(log: Locator): Promise<void> {
  let before = Number.NaN;
  await expect
    .poll(async () => {
      const now = await log.evaluate((frame) => frame.scrollTop);
      const rests = now === before;
      before = now;
      return rests;
    })
    .toBe(true);
}

type Route = Parameters<Parameters<BrowserContext["routeWebSocket"]>[1]>[0];

/** Answers some messages as a server that refuses them. */
function refuse(socket: Route): void {
  const upstream = socket.connectToServer();
  socket.onMessage((frame) => {
    const { t, id, text } = JSON.parse(String(frame)) as { t: string; id?: string; text?: string };
    if (t !== "send" || text !== REFUSED) return upstream.send(frame);
    socket.send(JSON.stringify({ t: "error", id, code: "forbidden", message: "You cannot write here now." }));
  });
}
