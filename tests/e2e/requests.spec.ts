/** Covers strangers who write to a person: the page asks what to do, and the person accepts, ignores or blocks. */
import { expect, type Page, test } from "@playwright/test";
import { Api } from "./api.ts";
import { Chat } from "./page.ts";
import { Palaver } from "./palaver.ts";
import { showRooms } from "./visitor.ts";

let server: Palaver;

test.beforeAll(async () => {
  server = await Palaver.start();
  // The first account is the admin, who is no stranger to anybody.
  await Api.register(server.url, "operator");
});

test.afterAll(async ({}, testInfo) => {
  await testInfo.attach("server log", { body: server.log });
  await server.remove();
});

for (const [screen, width] of [
  ["wide", 1280],
  ["narrow", 390],
] as const) {
  test(`strangers wait apart on a ${screen} screen until they are answered`, async ({ browser }) => {
    const page = await browser.newPage({ viewport: { width, height: 900 } });
    const bob = new Chat(page, `bob-${screen}`);
    await bob.register(server.url);
    const strangers: Api[] = [];
    for (const name of ["accepted", "ignored", "blocked"]) {
      const stranger = await Api.register(server.url, `${name}-${screen}`);
      await stranger.say(await stranger.direct(bob.name), `hello from ${name}`);
      strangers.push(stranger);
    }
    await showRooms(page);
    await expect(page.getByRole("heading", { name: "Requests" })).toBeVisible();
    const bar = page.getByRole("region", { name: "Request" });

    await bob.room(`accepted-${screen}`).click();
    await expect(bar).toContainText("wants to write to you");
    await expect(page.getByText("hello from accepted")).toBeVisible();
    await page.screenshot({ path: test.info().outputPath("request.png") });
    await bar.getByRole("button", { name: "Accept" }).click();
    await expect(bar).toBeHidden();

    for (const [name, action] of [
      ["ignored", "Ignore"],
      ["blocked", "Block"],
    ] as const) {
      await showRooms(page);
      await bob.room(`${name}-${screen}`).click();
      await bar.getByRole("button", { name: action, exact: true }).click();
      await expect(bar).toBeHidden();
      await showRooms(page);
      await expect(bob.room(`${name}-${screen}`)).toBeHidden();
    }
    await expect(page.getByRole("heading", { name: "Requests" })).toBeHidden();
    await expect(bob.room(`accepted-${screen}`)).toBeVisible();
    await expect(strangers[2]?.direct(bob.name)).resolves.toBeTruthy();
    await page.close();
  });
}

test("what a blocked person writes in a common room is folded, and shown on demand", async ({ browser }) => {
  const page = await browser.newPage();
  const ada = new Chat(page, "ada");
  await ada.register(server.url);
  await ada.createRoom("Garden");
  await expect(page.getByRole("heading", { level: 1, name: "Garden" })).toBeVisible();
  const eve = await Api.register(server.url, "eve");
  await eve.join("garden");
  await eve.say("garden", "a rude word");
  await expect(page.getByText("a rude word")).toBeVisible();

  await page.getByRole("button", { name: "Actions for eve" }).click();
  await page.getByRole("menuitem", { name: "Block", exact: true }).click();
  await expect(page.getByText("a rude word")).toBeHidden();
  await page.reload();
  await expect(page.getByText("You blocked this person.")).toBeVisible();
  await page.getByRole("button", { name: "Show message" }).click();
  await expect(page.getByText("a rude word")).toBeVisible();
  await page.getByRole("button", { name: "Actions for eve" }).click();
  await page.getByRole("menuitem", { name: "Unblock" }).click();
  await expect(page.getByText("You blocked this person.")).toBeHidden();
  await page.close();
});
