/** Covers the API's docs page: a reader authorizes once, and calls what needs a token from there. */
import { expect, test } from "@playwright/test";
import { Palaver } from "./palaver.ts";

let server: Palaver;

test.beforeAll(async () => {
  server = await Palaver.start({ PALAVER_DEFAULT_ROOMS: "garden" });
});

test.afterAll(async ({}, testInfo) => {
  await testInfo.attach("server log", { body: server.log });
  await server.remove();
});

for (const path of ["/docs", "/api/rooms/docs"]) {
  test(`${path} calls the API with the token that Authorize took`, async ({ page, request }) => {
    const guest = await request.post(`${server.url}/api/auth/guest`, { data: { name: "reader" } });
    const { access_token: token } = await guest.json();
    await page.goto(`${server.url}${path}/`);

    const call = async () => {
      const operation = page.locator("#operations-rooms-list_public_rooms");
      await operation.getByRole("button", { name: "Execute" }).click();
      return operation.locator(".live-responses-table tr.response .response-col_status").first();
    };
    const operation = page.locator("#operations-rooms-list_public_rooms");
    await operation.getByRole("button").first().click();
    await expect(await call()).toContainText("401");

    await page.getByRole("button", { name: "Authorize" }).first().click();
    const dialog = page.locator(".dialog-ux");
    await dialog.getByRole("textbox").fill(token);
    await dialog.locator("button.authorize").click();
    await dialog.locator("button.btn-done").click();
    await expect(await call()).toContainText("200");
    await expect(operation.locator(".live-responses-table")).toContainText('"slug": "garden"');
  });
}
