/** Covers what becomes of the place and camera data in files: what the page says of it, and what others can download. */
import { type BrowserContext, expect, type Locator, test } from "@playwright/test";
import { Chat } from "./page.ts";
import { Palaver } from "./palaver.ts";
import { picture } from "./picture.ts";

// Each test continues where the previous one ended.
test.describe.configure({ mode: "serial" });

const SECRET = "52.520008,13.404954";
const PHOTO = { name: "sunrise.png", mimeType: "image/png", buffer: picture(SECRET) };
/** The beginning of a HEIC file, which is all that the server looks at. */
const HEIC = { name: "sunset.heic", mimeType: "image/heic", buffer: Buffer.from(`\0\0\0\x18ftypheic\0\0\0\0mif1heic${SECRET}`, "latin1") };
const WARNING = "May contain place and camera data";

let server: Palaver;
let window: BrowserContext;
let ada: Chat;

test.beforeAll(async ({ browser }) => {
  server = await Palaver.start();
  window = await browser.newContext();
  ada = new Chat(await window.newPage(), "ada");
});

test.afterAll(async ({}, testInfo) => {
  await testInfo.attach("server log", { body: server.log });
  await window.close();
  await server.remove();
});

/** Returns a file's line above the text field. */
function attached(name: string): Locator {
  return ada.page.getByRole("list", { name: "Files to send" }).getByRole("listitem").filter({ hasText: name });
}

/** Returns the bytes that are served for the picture of a message. */
async function served(text: string): Promise<string> {
  await ada.message(text).getByRole("button", { name: "Open sunrise.png" }).click();
  const [download] = await Promise.all([
    ada.page.waitForEvent("download"),
    ada.page.getByRole("dialog").getByRole("button", { name: "Download" }).click(),
  ]);
  const chunks: Buffer[] = [];
  for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer);
  await ada.page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
  return Buffer.concat(chunks).toString("latin1");
}

test("a photo is sent without its data", async () => {
  await ada.register(server.url);
  await ada.createRoom("Garden");
  await ada.room("Garden").click();
  await ada.page.getByLabel("Attach files").setInputFiles(PHOTO);
  await expect(attached("sunrise.png")).toContainText("Place and camera data removed");
  await ada.say("cleaned");
  await expect(ada.message("cleaned").getByAltText("sunrise.png")).toBeVisible();
  expect(await served("cleaned")).toBe(picture().toString("latin1"));
});

test("the original is sent if its sender chooses so", async () => {
  await ada.page.getByLabel("Attach files").setInputFiles(PHOTO);
  await expect(attached("sunrise.png")).toContainText("Place and camera data removed");
  const original = attached("sunrise.png").getByRole("checkbox", { name: "Send the original of sunrise.png" });
  await original.check();
  await expect(attached("sunrise.png")).toContainText(WARNING);
  await ada.say("original");
  await expect(ada.message("original").getByAltText("sunrise.png")).toBeVisible();
  expect(await served("original")).toBe(PHOTO.buffer.toString("latin1"));
});

test("a choice can be taken back", async () => {
  await ada.page.getByLabel("Attach files").setInputFiles(PHOTO);
  const original = attached("sunrise.png").getByRole("checkbox");
  await original.check();
  await original.uncheck();
  await expect(attached("sunrise.png")).toContainText("Place and camera data removed");
  await ada.say("thought better");
  await expect(ada.message("thought better").getByAltText("sunrise.png")).toBeVisible();
  expect(await served("thought better")).not.toContain(SECRET);
});

test("a file that the server cannot clean says so", async () => {
  await ada.page.getByLabel("Attach files").setInputFiles(HEIC);
  await expect(attached("sunset.heic")).toContainText(WARNING);
  await expect(attached("sunset.heic").getByRole("checkbox")).toHaveCount(0);
  await ada.say("as it is");
  const card = ada.message("as it is").getByRole("button", { name: "Download sunset.heic" });
  await expect(card).toContainText(WARNING);
  await expect(card).toHaveAccessibleDescription(WARNING);
});

test("a picture without such data has no choice", async () => {
  await ada.page.getByLabel("Attach files").setInputFiles({ ...PHOTO, buffer: picture() });
  await expect(attached("sunrise.png")).toBeVisible();
  await expect(attached("sunrise.png").getByRole("progressbar")).toHaveCount(0);
  await expect(attached("sunrise.png").getByRole("checkbox")).toHaveCount(0);
  await expect(attached("sunrise.png")).not.toContainText("camera data");
});
