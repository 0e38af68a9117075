/** Covers what a reader sees of a text in a real browser: nothing typed is lost, and links say where they lead. */
import { expect, test } from "@playwright/test";
import { Api } from "./api.ts";
import { Chat } from "./page.ts";
import { Palaver } from "./palaver.ts";

test.describe.configure({ mode: "serial" });

let server: Palaver;
let bob: Chat;
let ada: Api;

test.beforeAll(async ({ browser }) => {
  server = await Palaver.start();
  ada = await Api.register(server.url, "ada");
  await ada.createRoom("Garden", "garden");
  bob = new Chat(await browser.newPage(), "bob");
  await bob.enter(server.url, "Garden");
  await expect(bob.composer).toBeVisible();
});

test.afterAll(async ({}, testInfo) => {
  await testInfo.attach("server log", { body: server.log });
  await bob.page.close();
  await server.remove();
});

/** Sends a text as Ada. Returns the element that shows it to Bob. */
async function shown(text: string) {
  const articles = bob.log.getByRole("article");
  const before = await articles.count();
  await ada.say("garden", text);
  await expect(articles).toHaveCount(before + 1);
  return articles.last();
}

test("each visible character is shown", async () => {
  for (const text of ["7! = 7*6*5*4", "\\\\server\\share\\_folder", "+", "-", ">", "1.", "    indented", "https://example.com/?x=*"]) {
    expect(await (await shown(text)).innerText()).toContain(text);
  }
  expect(await (await shown("```git commit -m x\n```")).locator("pre").innerText()).toBe("git commit -m x");
  const list = await shown("2. a\n5. b");
  expect((await list.locator("ol").innerText()).replace(/\s+/g, " ")).toBe("2. a 5. b");
  const quote = await shown("> said\nanswer");
  await expect(quote.locator("blockquote")).toHaveText("said");
  await expect((await shown("**重要：**请看")).locator("strong")).toHaveText("重要：");
});

test("links lead where they say", async () => {
  const masked = (await shown("[https://bank.example](https://evil.example)")).getByRole("link");
  await expect(masked).toHaveText("https://bank.example (evil.example)");
  const user = (await shown("https://bank.example@evil.example/x")).getByRole("link");
  await expect(user).toHaveText("https://bank.example@evil.example/x (evil.example)");
  const mixed = (await shown("https://bаnk.example")).getByRole("link");
  await expect(mixed).toContainText("(xn--");
  const plain = (await shown("see Https://github.com/p/x/__init__.py#L16。")).getByRole("link");
  await expect(plain).toHaveText("Https://github.com/p/x/__init__.py#L16");
  await expect(plain).toHaveAttribute("href", "https://github.com/p/x/__init__.py#L16");
});

test("the reader's own handle stands out, in any script, and only where it is one", async () => {
  const marked = (message: Awaited<ReturnType<typeof shown>>) => message.locator("[data-mine]").allInnerTexts();
  expect(await marked(await shown("交给@bob处理"))).toEqual(["@bob"]);
  expect(await marked(await shown("@bobさん `@bob` https://social.example/@bob/1 \\@bob"))).toEqual(["@bob"]);
});

test("the composer sends the blanks that a text begins with, and completes beside any script", async () => {
  await bob.say("\n    x = 1\n  y = 2\n");
  await expect(bob.log.getByRole("article").last()).toContainText("x = 1");
  const body = bob.log.getByRole("article").last().locator("p").first();
  expect(await body.evaluate((p) => p.textContent)).toBe("    x = 1\n  y = 2");

  await bob.composer.fill("交给");
  await bob.composer.pressSequentially("@ad");
  const people = bob.page.getByRole("listbox");
  await expect(people.getByRole("option")).toContainText("ada");
  await bob.composer.press("Enter");
  await expect(bob.composer).toHaveValue("交给@ada ");
  await bob.composer.fill("```\n");
  await bob.composer.pressSequentially("@ad");
  await expect(people).toBeHidden();
  await bob.composer.fill("");
});
