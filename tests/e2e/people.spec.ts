/** Covers people and rooms: rooms that are closed to somebody, mutes and notifications, who is online, names and how they are found. */
import { expect, test } from "@playwright/test";
import { Api } from "./api.ts";
import { Chat } from "./page.ts";
import { Palaver } from "./palaver.ts";
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
  test(`on a ${screen} screen, a closed room says why it is closed, and a refused join why it was refused`, async ({ browser }) => {
    const page = await browser.newPage({ viewport });
    await page.goto(server.url);
    const kai = await enter(page, `kai-${screen}`);
    const [hall, cellar] = [`hall-${screen}`, await ada.createPrivate(`Cellar ${screen}`)];
    await ada.createRoom(`Hall ${screen}`, hall);
    const user = (await ada.find(kai.name)).id;
    const title = page.locator("main").last();

    // A wrong link, and a private room.
    await page.goto(`${server.url}/r/no-such-room`);
    await expect(title).toContainText("There is no room “no-such-room”");
    await page.goto(`${server.url}/r/${cellar}`);
    await expect(title).toContainText("It is private, or it no longer exists.");

    // Removed from an open room; again after a reload; and back.
    await page.goto(`${server.url}/r/${hall}`);
    await page.getByRole("button", { name: "Join", exact: true }).click();
    await expect(kai.composer).toBeVisible();
    await ada.act(hall, "kick", user, "too loud");
    await expect(title).toContainText(`You were removed from Hall ${screen}`);
    await expect(title).toContainText("too loud");
    await page.screenshot({ path: test.info().outputPath("kicked.png") });
    await page.waitForTimeout(700);
    await page.reload();
    await expect(title).toContainText(`You were removed from Hall ${screen}`);
    await page.getByRole("button", { name: "Join again" }).click();
    await expect(kai.composer).toBeVisible();

    await ada.act(hall, "ban", user);
    await expect(title).toContainText(`You are banned from Hall ${screen}`);
    await expect(page.getByRole("button", { name: /^Join/ })).toHaveCount(0);

    // Banned, or archived, between the look at the room and the join.
    for (const [slug, what, said] of [
      [`attic-${screen}`, "ban", "banned"],
      [`yard-${screen}`, "archive", "archived"],
    ] as const) {
      await ada.createRoom(slug, slug);
      await page.goto(`${server.url}/r/${slug}`);
      const join = page.getByRole("button", { name: "Join", exact: true });
      await expect(join).toBeVisible();
      await ada.act(slug, what, what === "ban" ? user : undefined);
      await join.click();
      await expect(page.getByRole("alert").filter({ hasText: said })).toBeVisible();
    }
    await page.screenshot({ path: test.info().outputPath("refused-join.png") });
    await page.close();
  });

  test(`on a ${screen} screen, a muted room counts nowhere, direct messages are one entry, and the browser notifies`, async ({
    browser,
  }) => {
    const page = await browser.newPage({ viewport });
    await page.addInitScript(() => {
      const shown: { title: string; body?: string; tag?: string; onclick?: () => void }[] = [];
      class Fake {
        static permission = "default";
        static asked = 0;
        static async requestPermission() {
          Fake.asked += 1;
          Fake.permission = "granted";
          return "granted";
        }
        onclick?: () => void;
        constructor(
          public title: string,
          options: object,
        ) {
          shown.push(Object.assign(this, options));
        }
        close() {}
      }
      Object.assign(window, { Notification: Fake, shown, away: false });
      Object.defineProperty(document, "hidden", { get: () => (window as unknown as { away: boolean }).away });
    });
    const asked = () => page.evaluate(() => (Notification as unknown as { asked: number }).asked);
    const shown = () => page.evaluate(() => (window as unknown as { shown: { title: string }[] }).shown.map(({ title }) => title));
    await page.goto(`${server.url}/r/garden`);
    const lou = await enter(page, `lou-${screen}`);
    await page.getByRole("button", { name: "Join", exact: true }).click();
    expect(await asked(), "the permission is not asked for at load").toBe(0);
    const offer = page.getByRole("status").filter({ hasText: "Let this browser tell you" });
    await expect(offer).toHaveCount(0);
    await lou.say("first");
    await offer.getByRole("button", { name: "Turn on" }).click();
    await expect(offer).toHaveCount(0);
    expect(await asked()).toBe(1);

    // Three messages of one person are one entry; the first is announced while the page is hidden.
    await showRooms(page);
    const zoe = await Api.register(server.url, `zoe-${screen}`);
    await zoe.join("garden");
    const direct = await zoe.direct(lou.name);
    await zoe.say(direct, "seen");
    await expect(lou.room(`zoe-${screen}`)).toBeVisible();
    await page.getByRole("navigation").getByRole("link", { name: `zoe-${screen}` }).click();
    await page.getByRole("region", { name: "Request" }).getByRole("button", { name: "Accept" }).click();
    await expect(lou.message("seen")).toBeVisible();
    await showRooms(page);
    await lou.room("Garden").click();
    await page.evaluate(() => Object.assign(window, { away: true }));
    expect(await shown()).toEqual([]);
    await zoe.say(direct, "one");
    await expect.poll(shown).toEqual([`\u2068zoe-${screen}\u2069 sent you a message`]);
    await page.evaluate(() => Object.assign(window, { away: false }));
    await zoe.say(direct, "two");
    await zoe.say(direct, "three");
    await expect(page).toHaveTitle(/^\(3\) /);
    await showRooms(page);
    await lou.notifications.click();
    const entry = page.getByRole("dialog").getByRole("listitem").filter({ hasText: "sent you 3 messages" });
    await expect(entry).toHaveCount(1);
    await page.screenshot({ path: test.info().outputPath("entries.png") });
    await page.keyboard.press("Escape");

    // A click on the browser's notification opens the room.
    await page.evaluate(() => (window as unknown as { shown: { onclick(): void }[] }).shown[0]?.onclick());
    await expect(lou.title).toHaveText(`zoe-${screen}`);
    await expect(page).toHaveTitle(/^(?!\()/);

    // Muted for an hour: no count in title and list, no notification.
    await page.getByRole("button", { name: "Room menu" }).click();
    const setting = page.waitForRequest((sent) => sent.method() === "PATCH" && sent.url().endsWith("/settings"));
    await page.screenshot({ path: test.info().outputPath("mute.png") });
    await page.getByRole("menuitem", { name: "Mute for 1 hour" }).click();
    expect((await setting).postDataJSON()).toEqual({ quiet_seconds: 3_600 });
    await showRooms(page);
    await lou.room("Garden").click();
    await zoe.say(direct, "quietly");
    await zoe.say("garden", `loudly on ${screen}`);
    await expect(lou.message(`loudly on ${screen}`)).toBeVisible();
    await expect(page).toHaveTitle(/^(?!\()/);
    await showRooms(page);
    await expect(lou.room(`zoe-${screen}`).getByRole("img", { name: /unread/ })).toHaveCount(0);
    await expect(lou.room(`zoe-${screen}`).getByRole("img", { name: "Muted" })).toBeVisible();
    await page.close();
  });

  test(`on a ${screen} screen, the number of people online is live, and making an owner asks first`, async ({ browser }) => {
    const page = await browser.newPage({ viewport });
    const max = new Chat(page, `max-${screen}`);
    await max.register(server.url);
    await max.createRoom(`Den ${screen}`);
    await expect(max.composer).toBeVisible();
    const online = async () => Number.parseInt((await max.connection.innerText()).trim(), 10);
    await showRooms(page);
    await expect(max.connection).toHaveText(/^\d+ online$/);
    const before = await online();
    const visitor = await (await browser.newContext({ viewport })).newPage();
    await visitor.goto(`${server.url}/r/den-${screen}`);
    const uli = await enter(visitor, `uli-${screen}`);
    await visitor.getByRole("button", { name: "Join", exact: true }).click();
    await expect(uli.composer).toBeVisible();
    await max.room(`Den ${screen}`).click();
    await expect(page.getByRole("button", { name: "People", exact: true })).toHaveText("2");
    await showRooms(page);
    await expect.poll(online).toBeGreaterThan(before);
    const with2 = await online();
    await max.room(`Den ${screen}`).click();
    await visitor.context().close();
    await expect(page.getByRole("button", { name: "People", exact: true })).toHaveText("1");
    await showRooms(page);
    await expect.poll(online).toBe(with2 - 1);
    await max.room(`Den ${screen}`).click();

    const people = await max.people();
    await people.getByRole("button", { name: `Actions for uli-${screen}` }).click();
    await page.getByRole("menuitem", { name: "Owner" }).click();
    const dialog = page.getByRole("alertdialog", { name: `Make uli-${screen} an owner?` });
    await expect(dialog).toContainText("You cannot take this back.");
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await expect(people).not.toContainText(`@uli-${screen}\u2069 · Owner`);
    await people.getByRole("button", { name: `Actions for uli-${screen}` }).click();
    await page.getByRole("menuitem", { name: "Owner" }).click();
    await dialog.getByRole("button", { name: "Make owner" }).click();
    await expect(people).toContainText(`@uli-${screen}\u2069 · Owner`);
    await page.close();
  });
}

for (const [screen, viewport] of SCREENS) {
  test(`on a ${screen} screen, people sign in with their full name, and are found by any part of it`, async ({ browser }) => {
    const page = await browser.newPage({ viewport });
    await page.goto(`${server.url}/r/garden`);
    // An account: the handle is suggested, and can be changed.
    await page.getByRole("tab", { name: "Register" }).click();
    const name = page.getByRole("textbox", { name: "Name", exact: true });
    const handle = page.getByRole("textbox", { name: "Handle", exact: true });
    await name.fill(`Łucja Gómez ${screen}`);
    await expect(handle).toHaveValue(`łucjagomez${screen}`);
    await handle.fill(`lucja.${screen}`);
    await name.fill(`Lucía Gómez ${screen}`);
    await expect(handle).toHaveValue(`lucja.${screen}`);
    await page.screenshot({ path: test.info().outputPath("register.png") });
    await page.getByRole("textbox", { name: "Password" }).fill(PASSWORD);
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByRole("button", { name: "Join", exact: true }).click();
    const lucia = new Chat(page, `lucja.${screen}`);
    await expect(lucia.composer).toBeVisible();

    // A guest: one field, and the handle is shown.
    const visitor = await (await browser.newContext({ viewport })).newPage();
    await visitor.goto(`${server.url}/r/garden`);
    await visitor.getByRole("textbox", { name: "Your name" }).fill(`José Núñez ${screen}`);
    await expect(visitor.getByText(`@josenunez${screen}`)).toBeVisible();
    await visitor.screenshot({ path: test.info().outputPath("guest.png") });
    await visitor.getByRole("button", { name: "Continue as guest" }).click();
    await visitor.getByRole("button", { name: "Join", exact: true }).click();
    const jose = new Chat(visitor, "José");
    await jose.say("hola");
    const said = lucia.message("hola").filter({ hasText: `José Núñez ${screen}` });
    await expect(said).toBeVisible();

    // Found in the panel, in a mention, and in the search for a person.
    const people = await lucia.people();
    await people.getByRole("searchbox", { name: "Find a person" }).fill(`NUNEZ ${screen}`);
    await expect(people.getByRole("listitem")).toHaveCount(1);
    await expect(people.getByRole("listitem")).toContainText(`José Núñez ${screen}`);
    await page.screenshot({ path: test.info().outputPath("people.png") });
    await people.getByRole("searchbox").fill("nobody at all");
    await expect(people).toContainText("No one found");
    await people.getByRole("searchbox").fill("");
    await people.getByRole("button", { name: "Close" }).click();
    await lucia.composer.fill("hola ");
    await lucia.composer.pressSequentially(`@uñez${screen}`);
    await expect(page.getByRole("listbox").getByRole("option")).toContainText([`José Núñez ${screen}`]);
    await lucia.composer.press("Enter");
    await expect(lucia.composer).toHaveValue(`hola @josenunez${screen} `);
    await lucia.composer.fill("");
    await showRooms(page);
    await page.getByRole("button", { name: "New direct message" }).click();
    await page.getByRole("searchbox", { name: "Person’s name" }).fill(`unez ${screen}`);
    await expect(page.getByRole("dialog").getByRole("listitem")).toContainText([`José Núñez ${screen}`]);
    await visitor.context().close();
    await page.close();
  });
}
