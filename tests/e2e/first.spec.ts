/** Covers the first minute of a new installation: a guest types a name and is in #general with one more click. */
import { expect, test } from "@playwright/test";
import { Palaver } from "./palaver.ts";

let server: Palaver;

test.beforeAll(async () => {
  server = await Palaver.start();
});

test.afterAll(async ({}, testInfo) => {
  await testInfo.attach("server log", { body: server.log });
  await server.remove();
});

for (const [screen, width] of [
  ["wide", 1280],
  ["narrow", 390],
] as const) {
  test(`a guest on a ${screen} screen joins the offered room with one click`, async ({ browser }) => {
    const page = await browser.newPage({ viewport: { width, height: 800 } });
    await page.goto(server.url);
    await page.getByRole("textbox", { name: "Your name" }).fill(`guest-${screen}`);
    await page.getByRole("button", { name: "Continue as guest" }).click();
    // Nobody is in a room unasked.
    await expect(page.getByText("You have not joined a room yet.")).toBeVisible();

    await page.getByRole("button", { name: "Join general" }).click();
    await expect(page.getByRole("heading", { level: 1, name: "general" })).toBeVisible();
    await page.getByRole("textbox", { name: "Message", exact: true }).fill(`hello from ${screen}`);
    await page.getByRole("textbox", { name: "Message", exact: true }).press("Enter");
    await expect(page.getByRole("log", { name: "Messages" }).getByText(`hello from ${screen}`)).toBeVisible();
    await page.close();
  });
}
