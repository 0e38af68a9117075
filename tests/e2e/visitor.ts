/** Owns what tests of visitors share: the screens that they look at, and how a guest comes in. */
import { expect, type Page } from "@playwright/test";
import { Chat } from "./page.ts";

export const SCREENS = [
  ["wide", { width: 1280, height: 900 }],
  ["narrow", { width: 390, height: 844 }],
] as const;

export const PASSWORD = "correct horse battery staple";

/** Signs in as a guest on the page that is open. */
export async function enter(page: Page, name: string): Promise<Chat> {
  await page.getByRole("textbox", { name: "Your name" }).fill(name);
  await page.getByRole("button", { name: "Continue as guest" }).click();
  await expect(page.getByRole("textbox", { name: "Your name" })).toHaveCount(0);
  return new Chat(page, name);
}

/** Shows the room list, which covers the page on a narrow screen. */
export async function showRooms(page: Page): Promise<void> {
  const back = page.getByRole("button", { name: "Back to rooms" });
  if (await back.isVisible()) await back.click();
}
