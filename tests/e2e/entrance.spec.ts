/**
 * Covers the way in: a browser that stores nothing, a server that does not accept the page, ways in that are closed, sessions that
 * end, and what a sign-out asks.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { Api } from "./api.ts";
import { Chat } from "./page.ts";
import { Palaver } from "./palaver.ts";
import { publish } from "./rewriting.ts";
import { enter, PASSWORD, SCREENS, showRooms } from "./visitor.ts";

let server: Palaver;
let ada: Api;

test.beforeAll(async () => {
  server = await Palaver.start();
  ada = await Api.register(server.url, "ada");
  await ada.createRoom("Garden", "garden");
});

test.afterAll(async ({}, testInfo) => {
  await testInfo.attach("server log", { body: server.log });
  await server.remove();
});

for (const [screen, viewport] of SCREENS) {
  test(`on a ${screen} screen, a browser that blocks all site data has a working page that says what is lost`, async ({
    playwright,
    launchOptions,
  }) => {
    const profile = await mkdtemp(join(tmpdir(), "palaver-profile-"));
    await mkdir(join(profile, "Default"));
    const settings = { profile: { default_content_setting_values: { cookies: 2 } } };
    await writeFile(join(profile, "Default", "Preferences"), JSON.stringify(settings));
    const context = await playwright.chromium.launchPersistentContext(profile, { ...launchOptions, viewport, locale: "en-GB" });
    const page = await context.newPage();
    await page.goto(`${server.url}/r/garden`);
    expect(await page.evaluate(() => Object.getOwnPropertyDescriptor(window, "localStorage")?.get?.call(window)).catch(String)).toContain(
      "SecurityError",
    );
    const chat = await enter(page, `Blocked ${screen}`.replace(" ", "-"));
    const note = page.getByRole("status").filter({ hasText: "This browser keeps no data of this site" });
    await page.getByRole("button", { name: "Join", exact: true }).click();
    await chat.say(`from memory on ${screen}`);
    await expect(chat.message(`from memory on ${screen}`)).toBeVisible();
    await expect(chat.message("Sending…")).toHaveCount(0);
    await expect(note).toBeVisible();
    await page.screenshot({ path: test.info().outputPath("blocked.png") });
    await note.getByRole("button", { name: "Close" }).click();
    await chat.say("again");
    await expect(note).toHaveCount(0);
    await context.close();
    await rm(profile, { recursive: true, force: true });
  });

  test(`on a ${screen} screen, a database that never answers keeps nobody out`, async ({ browser }) => {
    const page = await browser.newPage({ viewport });
    await page.addInitScript(() => {
      IDBFactory.prototype.open = () => new EventTarget() as IDBOpenDBRequest;
    });
    await page.goto(`${server.url}/r/garden`);
    const chat = await enter(page, `waiting-${screen}`);
    await page.getByRole("button", { name: "Join", exact: true }).click();
    await chat.say(`without an answer on ${screen}`);
    await expect(chat.message(`without an answer on ${screen}`)).toBeVisible();
    await expect(page.getByText("This browser keeps no data of this site")).toBeVisible();
    await page.close();
  });

  test(`on a ${screen} screen, a first visit makes no failed request`, async ({ browser }) => {
    const page = await browser.newPage({ viewport });
    const failed: string[] = [];
    page.on("response", (answer) => answer.status() >= 400 && failed.push(`${answer.status()} ${answer.url()}`));
    page.on("console", (message) => message.type() === "error" && failed.push(message.text()));
    const scripts: string[] = [];
    page.on("request", (sent) => sent.url().endsWith(".js") && scripts.push(new URL(sent.url()).pathname));
    const chatIsLoaded = () => scripts.some((path) => path.includes("/Shell-"));
    await page.goto(server.url);
    await expect(page.getByRole("textbox", { name: "Your name" })).toBeVisible();
    await page.waitForLoadState("networkidle");
    expect(chatIsLoaded(), "signing in needs no chat").toBe(false);
    await page.getByRole("textbox", { name: "Your name" }).fill("f");
    await expect.poll(chatIsLoaded).toBe(true);
    const chat = await enter(page, `first-${screen}`);
    await page.reload();
    await expect(page.getByRole("navigation", { name: "Rooms" })).toBeVisible();
    expect(failed).toEqual([]);
    await page.getByRole("button", { name: "Account" }).click();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Sign out" }).click();
    await expect(page.getByRole("textbox", { name: "Your name" })).toBeVisible();
    await page.reload();
    await expect(page.getByRole("textbox", { name: "Your name" })).toBeVisible();
    expect(failed, chat.name).toEqual([]);
    await page.close();
  });

  for (const [what, rewrites, said] of [
    ["origin", (path: string) => path.startsWith("/"), "refuses live connections from"],
    ["name", (path: string) => path.startsWith("/api/") || path.startsWith("/v1/"), "does not know the address"],
  ] as const) {
    test(`on a ${screen} screen, the page names the setting when its ${what} is refused`, async ({ browser }) => {
      const host = what === "origin" ? new URL(server.url).host : "chat.example";
      const proxy = await publish(new URL(server.url), (path) => (rewrites(path) ? host : null));
      const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
      const page = await browser.newPage({ viewport });
      // The page looks at once for the user who was signed in here before.
      if (what === "name") await page.addInitScript(() => localStorage.setItem("palaver-session:", "1"));
      await page.goto(`${url}/r/garden`);
      if (what === "origin") {
        await enter(page, `refused-${screen}`);
        await showRooms(page);
      }
      const bar = page.getByRole("status").filter({ hasText: said });
      if (what === "origin") await expect(page.getByTestId("connection")).toHaveAttribute("data-status", "blocked");
      else await expect(bar).toContainText(`PALAVER_PUBLIC_URL=${url}`);
      await page.screenshot({ path: test.info().outputPath("refused.png") });
      await page.close();
      proxy.closeAllConnections();
      proxy.close();
    });
  }
}

/** Starts a server of its own for some tests, and stops it with the last of them. */
function withServer(settings: Readonly<Record<string, string>>): () => string {
  let own: Palaver;
  test.beforeAll(async () => {
    own = await Palaver.start(settings);
  });
  test.afterAll(() => own.remove());
  return () => own.url;
}

for (const [what, settings, tabs, said] of [
  ["no guests", { PALAVER_GUESTS: "false" }, ["Sign in", "Register"], "takes no guests"],
  ["no registrations", { PALAVER_REGISTRATION: "false" }, ["Guest", "Sign in"], "are made by its admin"],
  ["neither", { PALAVER_GUESTS: "false", PALAVER_REGISTRATION: "false" }, [], "Ask the admin of this server"],
] as const) {
  test.describe(`a server with ${what}`, () => {
    const contact = what === "no guests" ? "ops@example.org" : "Ask Ada in room 3";
    const url = withServer({ ...settings, PALAVER_CONTACT: contact });
    for (const [screen, viewport] of SCREENS) {
      test(`shows only the ways in that are open, and who can let one in, on a ${screen} screen`, async ({ browser }) => {
        const page = await browser.newPage({ viewport });
        // Every tab that is ever shown, even for a moment.
        await page.addInitScript(() => {
          const seen = new Set<string>();
          Object.assign(window, { seen });
          new MutationObserver(() => {
            for (const tab of document.querySelectorAll("[role=tab]")) seen.add(tab.textContent ?? "");
          }).observe(document, { subtree: true, childList: true });
        });
        await page.route("**/api/config", async (route) => {
          await new Promise((wait) => setTimeout(wait, 300));
          await route.continue();
        });
        await page.goto(url());
        await expect(page.getByText(said)).toBeVisible();
        await expect(page.getByText(contact)).toBeVisible();
        await expect(page.getByRole("link", { name: contact })).toHaveCount(what === "no guests" ? 1 : 0);
        await expect(page.getByRole("tab")).toHaveText(tabs);
        expect(await page.evaluate(() => [...(window as unknown as { seen: Set<string> }).seen])).toEqual([...tabs]);
        await expect(page.getByRole("textbox", { name: "Password" })).toBeVisible({ visible: what !== "no registrations" });
        await page.screenshot({ path: test.info().outputPath("ways.png") });
        await page.close();
      });
    }
  });
}

for (const [screen, viewport] of SCREENS) {
  test(`on a ${screen} screen, the page says how a session ended, and keeps drafts of an expired one`, async ({ browser }) => {
    const page = await browser.newPage({ viewport });
    const bob = new Chat(page, `bob-${screen}`);
    await bob.register(`${server.url}/r/garden`);
    await page.getByRole("button", { name: "Join", exact: true }).click();
    await bob.composer.fill("half a thought");
    await expect(page.locator("body")).toContainText("Garden");
    await page.waitForTimeout(800); // The draft is written a moment after the last key.
    await page.context().clearCookies();
    await page.reload();
    await expect(page.getByText("Your session has expired")).toBeVisible();
    await page.screenshot({ path: test.info().outputPath("expired.png") });
    await expect(page.getByRole("textbox", { name: "Name" })).toHaveValue(bob.name);
    await page.getByRole("textbox", { name: "Password" }).fill(PASSWORD);
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(bob.composer).toHaveValue("half a thought");

    // The same account signs this device out from another one.
    await (await Api.login(server.url, bob.name)).signOutOthers();
    await expect(page.getByText("was signed out from another one")).toBeVisible();
    await page.close();
  });

  test(`on a ${screen} screen, signing out asks while something is unsent or drafted`, async ({ browser }) => {
    const page = await browser.newPage({ viewport });
    const eve = new Chat(page, `eve-${screen}`);
    await eve.register(`${server.url}/r/garden`);
    await page.getByRole("button", { name: "Join", exact: true }).click();
    await eve.composer.fill(`a draft on ${screen}`);
    await showRooms(page);
    const signOut = async () => {
      await page.getByRole("button", { name: "Account" }).click();
      await page.getByRole("menuitem", { name: "Sign out" }).click();
    };
    await signOut();
    const dialog = page.getByRole("alertdialog");
    await expect(dialog).toContainText("You have a draft.");
    await page.screenshot({ path: test.info().outputPath("sign-out.png") });
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await eve.room("Garden").click();
    await expect(eve.composer).toHaveValue(`a draft on ${screen}`);

    // Without a network, a message waits.
    await page.context().setOffline(true);
    await eve.composer.press("Enter");
    await showRooms(page);
    await signOut();
    await expect(dialog).toContainText("has not been sent yet");
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await page.context().setOffline(false);
    await eve.room("Garden").click();
    await expect(eve.message(`a draft on ${screen}`)).toBeVisible();
    await expect(eve.message("Sending…")).toHaveCount(0);
    await showRooms(page);
    await signOut();
    await expect(page.getByRole("tab", { name: "Register" })).toBeVisible();
    await expect(dialog).toHaveCount(0);
    await page.close();
  });
}
