/** Covers a page that a proxy publishes below a path, whether the proxy keeps the path or removes it. */
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "@playwright/test";
import { Palaver } from "./palaver.ts";
import { startProxy } from "./rewriting.ts";

const PATH = "/chat";

let server: Palaver;

test.beforeAll(async () => {
  server = await Palaver.start({ PALAVER_PUBLIC_URL: `http://127.0.0.1${PATH}/` });
});

test.afterAll(async ({}, testInfo) => {
  await testInfo.attach("server log", { body: server.log });
  await server.remove();
});

/** Starts a proxy that publishes the server below the path, and answers everything else with 404. */
function publish(target: URL, removesPath: boolean): Promise<Server> {
  return startProxy(target, ({ path, headers }) => {
    if (path !== PATH && !path.startsWith(`${PATH}/`)) return null;
    return { path: removesPath ? path.slice(PATH.length) || "/" : path, headers };
  });
}

for (const removesPath of [false, true]) {
  test(`the page works behind a proxy that ${removesPath ? "removes" : "keeps"} the path`, async ({ browser }) => {
    const proxy = await publish(new URL(server.url), removesPath);
    const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}${PATH}`;
    const page = await browser.newPage();
    const lost: string[] = [];
    page.on("response", (answer) => {
      if (answer.status() === 404) lost.push(answer.url());
    });

    await page.goto(`${url}/`);
    await page.getByRole("textbox", { name: "Your name" }).fill(removesPath ? "remover" : "keeper");
    await page.getByRole("button", { name: "Continue as guest" }).click();
    await page.getByRole("button", { name: "Join general" }).click();
    await expect(page).toHaveURL(`${url}/r/general`);
    const composer = page.getByRole("textbox", { name: "Message", exact: true });
    await composer.fill(`from below ${removesPath}`);
    await composer.press("Enter");
    const message = page.getByRole("log", { name: "Messages" }).getByText(`from below ${removesPath}`);
    await expect(message).toBeVisible();

    // A deep link, with the session that the cookie keeps.
    await page.reload();
    await expect(page.getByRole("heading", { level: 1, name: "general" })).toBeVisible();
    await expect(message).toBeVisible();
    expect(lost).toEqual([]);
    await page.close();
    proxy.closeAllConnections();
    proxy.close();
  });
}
