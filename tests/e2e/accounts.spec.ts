/** Covers the end of an account and a new password in a real browser: the account menu, the link, and what others see. */
import { expect, test } from "@playwright/test";
import { Api } from "./api.ts";
import { Chat } from "./page.ts";
import { Palaver } from "./palaver.ts";

test.describe.configure({ mode: "serial" });

const PASSWORD = "correct horse battery staple";
const NEW_PASSWORD = "another horse battery staple";

let server: Palaver;
let admin: Api;

test.beforeAll(async () => {
  server = await Palaver.start();
  admin = await Api.register(server.url, "ada");
  await admin.createRoom("Garden", "garden");
});

test.afterAll(async ({}, testInfo) => {
  await testInfo.attach("server log", { body: server.log });
  await server.remove();
});

async function openDeletion(chat: Chat) {
  await chat.page.getByRole("button", { name: "Account" }).click();
  await chat.page.getByRole("menuitem", { name: "Delete account" }).click();
  return chat.page.getByRole("dialog", { name: /^Delete the account @/ });
}

test("a link sets a new password, signs in, and works once", async ({ browser }) => {
  const bob = new Chat(await browser.newPage(), "bob");
  await bob.enter(server.url, "Garden");
  await expect(bob.composer).toBeVisible();

  const link = server.url + (await admin.resetLink("bob"));
  const other = await (await browser.newContext()).newPage();
  await other.goto(link);
  await expect(other.getByRole("heading", { name: "New password" })).toBeVisible();
  expect(other.url(), "the token is not left in the address").not.toContain("#");
  await other.getByRole("textbox", { name: "New password" }).fill("password");
  await other.getByRole("button", { name: "Set password and sign in" }).click();
  await expect(other.getByRole("alert")).toContainText("guessed first");
  await other.getByRole("textbox", { name: "New password" }).fill(NEW_PASSWORD);
  await other.getByRole("button", { name: "Set password and sign in" }).click();
  await expect(other.getByRole("navigation", { name: "Rooms" }).getByRole("link", { name: "Garden" })).toBeVisible();

  // The session before is over.
  await expect(bob.page.getByRole("tab", { name: "Register" })).toBeVisible();
  await bob.page.goto(link);
  await bob.page.reload();
  await bob.page.goto("about:blank");
  await bob.page.goto(link);
  await bob.page.getByRole("textbox", { name: "New password" }).fill(NEW_PASSWORD);
  await bob.page.getByRole("button", { name: "Set password and sign in" }).click();
  await expect(bob.page.getByRole("alert")).toContainText("has expired or has been used");
  await other.context().close();
  await bob.page.close();
});

test("an account is deleted with its password, and others see a deleted user", async ({ browser }) => {
  const eve = new Chat(await browser.newPage(), "eve");
  await eve.enter(server.url, "Garden");
  await eve.composer.fill("a word from eve");
  await eve.composer.press("Enter");
  await expect(eve.message("a word from eve")).toBeVisible();

  const dialog = await openDeletion(eve);
  await expect(dialog).toContainText("This cannot be undone.");
  await dialog.getByRole("textbox", { name: "Current password" }).fill("a wrong password");
  await dialog.getByRole("button", { name: "Delete for good" }).click();
  await expect(dialog.getByRole("alert")).toContainText("password is wrong");
  await dialog.getByRole("textbox", { name: "Current password" }).fill(PASSWORD);
  await dialog.getByRole("button", { name: "Delete for good" }).click();
  await expect(eve.page.getByRole("tab", { name: "Register" })).toBeVisible();
  await eve.page.reload();
  await expect(eve.page.getByRole("tab", { name: "Register" })).toBeVisible();

  const zoe = new Chat(await browser.newPage(), "zoe");
  await zoe.enter(server.url, "Garden");
  await expect(zoe.message("a word from eve")).toContainText("Deleted user");
  await zoe.page.close();
  await eve.page.close();
});

test("a guest deletes the account with all messages", async ({ browser }) => {
  const page = await browser.newPage();
  const gus = new Chat(page, "gus");
  await page.goto(server.url);
  await page.getByRole("textbox", { name: "Your name" }).fill("gus");
  await page.getByRole("button", { name: "Continue as guest" }).click();
  await gus.joinRoom("Garden");
  await gus.room("Garden").click();
  await gus.composer.fill("a secret of gus");
  await gus.composer.press("Enter");
  await expect(gus.message("a secret of gus")).toBeVisible();

  const dialog = await openDeletion(gus);
  await expect(dialog.getByRole("textbox", { name: "Current password" })).toHaveCount(0);
  await dialog.getByRole("checkbox", { name: "Also delete everything I wrote" }).check();
  await dialog.getByRole("button", { name: "Delete for good" }).click();
  await expect(page.getByRole("tab", { name: "Register" })).toBeVisible();

  const max = new Chat(await browser.newPage(), "max");
  await max.enter(server.url, "Garden");
  await expect(max.message("a word from eve")).toBeVisible();
  await expect(max.message("a secret of gus")).toHaveCount(0);
  await max.page.close();
  await page.close();
});
