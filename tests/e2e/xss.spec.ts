/** Covers that no text of a user is ever run: in messages, names, rooms and files, in a real browser. */
import { readFile } from "node:fs/promises";
import { expect, type Page, test } from "@playwright/test";
import { Api } from "./api.ts";
import { HOSTILE } from "./hostile.ts";
import { Chat } from "./page.ts";
import { Palaver } from "./palaver.ts";

test.describe.configure({ mode: "serial" });

let server: Palaver;
let bob: Chat;
let ada: Api;
/** What was run, or would have been if the page's policy had not refused it. */
const events: string[] = [];

test.beforeAll(async ({ browser }) => {
  server = await Palaver.start();
  ada = await Api.register(server.url, "ada");
  await ada.createRoom("Garden", "garden");
  bob = new Chat(await browser.newPage(), "bob");
  await watch(bob.page);
  await bob.enter(server.url, "Garden");
  await expect(bob.composer).toBeVisible();
});

test.afterAll(async ({}, testInfo) => {
  await testInfo.attach("server log", { body: server.log });
  await bob.page.close();
  await server.remove();
});

test.afterEach(async () => {
  expect(events).toEqual([]);
  expect(await suspicious(bob.page)).toEqual([]);
});

/** Notes everything that a payload could cause. */
async function watch(page: Page): Promise<void> {
  await page.exposeFunction("noteEvent", (what: string) => events.push(what));
  await page.addInitScript(() => {
    const note = (window as unknown as { noteEvent: (what: string) => void }).noteEvent;
    for (const name of ["alert", "confirm", "prompt", "print"] as const) {
      Object.assign(window, { [name]: (text: unknown) => note(`${name}(${String(text)})`) });
    }
    document.addEventListener("securitypolicyviolation", (event) => {
      // Playwright's recorder of traces reads the pictures of the page.
      const isRecorder = event.violatedDirective === "connect-src" && event.blockedURI === "blob" && event.sourceFile === "";
      if (!isRecorder) note(`refused ${event.violatedDirective}: ${event.blockedURI}`);
    });
  });
  page.on("dialog", (dialog) => {
    events.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("pageerror", (error) => events.push(`error: ${error.message}`));
  page.on("request", (request) => {
    const { protocol, origin } = new URL(request.url());
    if (!["data:", "blob:"].includes(protocol) && origin !== server.url) events.push(`request: ${request.url()}`);
  });
}

/** Returns elements and attributes that no text may produce. */
function suspicious(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    for (const element of document.body.querySelectorAll("*")) {
      if (element.matches("iframe, object, embed, base, meta, link, style, marquee, math, foreignObject, animate")) found.push(element.outerHTML);
      if (element.matches("script") && element.textContent !== "") found.push(element.outerHTML);
      for (const { name, value } of element.attributes) {
        if (name.startsWith("on")) found.push(`${name}=${value}`);
        const url = ["href", "src", "action", "formaction", "xlink:href", "data"].includes(name);
        if (url && /^\s*(?:javascript|vbscript|data:text)/i.test(value)) found.push(`${name}=${value}`);
      }
    }
    return found;
  });
}

test("messages", async () => {
  const naughty = JSON.parse(await readFile(new URL("../naughty-strings/blns.json", import.meta.url), "utf8")) as string[];
  const scripts = naughty.filter((text) => /[<>]|script|alert/i.test(text));
  expect(scripts.length).toBeGreaterThan(50);
  const texts = [...HOSTILE, ...scripts];
  // Several payloads make one message, so that the limit on sends is not what is tested.
  for (let at = 0; at < texts.length; at += 10) {
    const some = texts.slice(at, at + 10);
    await ada.say("garden", `part ${at}\n\n${some.join("\n\n")}`);
    await expect(bob.message(`part ${at}`).last()).toBeVisible();
    expect(events).toEqual([]);
    expect(await suspicious(bob.page)).toEqual([]);
  }
  for (const text of HOSTILE.slice(0, 15)) await ada.say("garden", text);
  await expect(bob.log.getByRole("article").last()).toContainText('<img src="x" onerror="alert(1)"/>');
});

test("links lead only to addresses, and hovering or focusing them runs nothing", async () => {
  const linked = HOSTILE.filter((text) => /\]\(|https?:/.test(text) && !text.includes("\n"));
  await ada.say("garden", `links\n\n${linked.join("\n\n")}`);
  const links = bob.message("links").last().getByRole("link");
  await expect(links).not.toHaveCount(0);
  for (const href of await links.evaluateAll((all) => all.map((link) => (link as HTMLAnchorElement).href))) {
    expect(new URL(href).protocol).toMatch(/^(?:https?|mailto):$/);
  }
  for (const link of await links.all()) {
    await link.hover();
    await link.focus();
  }
});

test("a quote and a notification", async () => {
  const seq = await ada.say("garden", '@bob <img src=x onerror=alert(1)> "><svg onload=alert(1)>');
  await ada.reply("garden", seq, "[x](javascript:alert(1)) <script>alert(1)</script>");
  await expect(bob.log.getByRole("article").last()).toContainText("<script>alert(1)</script>");
  await bob.notifications.click();
  await expect(bob.page.getByText("onerror=alert(1)").last()).toBeVisible();
  await bob.page.keyboard.press("Escape");
});

test("names of people and rooms", async () => {
  for (const payload of HOSTILE.filter((text) => !/[\n\r\t\u2028\u2029]/.test(text) && text.length <= 64).slice(0, 30)) {
    await ada.rename(payload);
    await ada.updateRoom("garden", { name: payload, description: payload });
  }
  const last = "<img src=x onerror=alert(1)>";
  await ada.rename(last);
  await ada.updateRoom("garden", { name: last, description: `${last} "><svg onload=alert(1)>` });
  await ada.say("garden", "who am I?");
  await expect(bob.title).toHaveText(last);
  await expect(bob.message("who am I?")).toHaveAccessibleName(new RegExp(`^${last.replace(/[()]/g, "\\$&")}`));
  // The page learns of a member's new name with the next list of members.
  await bob.page.reload();
  await expect(bob.title).toHaveText(last);
  await expect(bob.composer).toBeVisible();
  await expect(await bob.people()).toContainText(last);
  await bob.composer.fill("@");
  await expect(bob.page.getByRole("listbox")).toContainText(last);
  await bob.composer.fill("");
  await ada.createRoom(last, "lobby");
  await ada.say("lobby", "first");
  await bob.page.getByRole("navigation", { name: "Rooms" }).getByRole("button", { name: "Browse rooms" }).click();
  await expect(bob.page.getByRole("dialog", { name: "Rooms to join" })).toContainText(last);
  await bob.page.keyboard.press("Escape");
});

test("files: their names, and what they hold", async ({ browser }) => {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>';
  const html = "<!doctype html><script>alert(1)</script>";
  const files = [
    { name: '"><img src=x onerror=alert(1)>.txt', mimeType: "text/plain", buffer: Buffer.from(html) },
    { name: "page.html", mimeType: "text/html", buffer: Buffer.from(html) },
    { name: "drawing.svg", mimeType: "image/svg+xml", buffer: Buffer.from(svg) },
    { name: "fake.png", mimeType: "image/png", buffer: Buffer.from(svg) },
    { name: "fake.xhtml", mimeType: "application/xhtml+xml", buffer: Buffer.from(`<html xmlns="http://www.w3.org/1999/xhtml">${svg}</html>`) },
  ];
  await bob.page.getByLabel("Attach files").setInputFiles(files);
  await bob.composer.fill("files for everybody");
  await bob.composer.press("Enter");
  const message = bob.message("files for everybody");
  await expect(message).toContainText("drawing.svg");
  await expect(message).toContainText("onerror=alert(1)");
  await expect(message).toHaveAttribute("data-status", "sent");

  // The bytes, opened as an address of their own, run nothing either.
  const ids = await ada.files("garden");
  expect(ids.length).toBe(files.length);
  for (const id of ids) {
    const answer = await ada.download(id);
    expect(answer.headers.get("content-type") ?? "").not.toMatch(/html|svg|xml|script/);
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    expect(answer.headers.get("content-security-policy") ?? "").toMatch(/sandbox|default-src 'none'/);
    const body = Buffer.from(await answer.arrayBuffer());
    const page = await browser.newPage();
    await watchBytes(page, body, Object.fromEntries(answer.headers));
    await page.close();
  }
});

/** Opens bytes with the headers that the server sent, as a browser does for an address that somebody shares. */
async function watchBytes(page: Page, body: Buffer, headers: Record<string, string>): Promise<void> {
  page.on("dialog", (dialog) => {
    events.push(`dialog of a file: ${dialog.message()}`);
    void dialog.dismiss();
  });
  const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => !["transfer-encoding", "content-encoding", "content-length"].includes(name)));
  await page.route("**/file", (route) => route.fulfill({ status: 200, headers: kept, body }));
  // An attachment is downloaded instead of shown, which Playwright reports as an aborted navigation.
  await page.goto(`${server.url}/file`).catch(() => undefined);
}
