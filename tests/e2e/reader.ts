/** Owns a reader in a window of their own, on a wide screen or on a phone, and how they move between rooms. */
import { type Browser, type BrowserContext, expect, type Page } from "@playwright/test";
import { Chat } from "./page.ts";
import { showRooms } from "./visitor.ts";

export interface Reader {
  readonly screen: string;
  readonly context: BrowserContext;
  readonly chat: Chat;
  /** The requests for pages of messages so far. */
  readonly pages: string[];
}

/** Opens the window. */
export async function openReader(browser: Browser, screen: "wide" | "narrow"): Promise<Reader> {
  const narrow = screen === "narrow";
  const viewport = narrow ? { width: 390, height: 844 } : { width: 1280, height: 900 };
  const context = await browser.newContext({ viewport, hasTouch: narrow, isMobile: narrow });
  const chat = new Chat(await context.newPage(), `ada-${screen}`);
  const pages: string[] = [];
  chat.page.on("request", (request) => {
    const url = new URL(request.url());
    if (/\/api\/rooms\/[^/]+\/messages$/.test(url.pathname) && request.method() === "GET") pages.push(url.search);
  });
  return { screen, context, chat, pages };
}

export async function goTo({ chat }: Reader, room: string): Promise<void> {
  await showRooms(chat.page);
  await chat.room(room).click();
  await expect(chat.title).toHaveText(room);
}

/** Follows a link from outside: the page starts with it. */
export async function follow({ chat, pages }: Reader, url: string): Promise<void> {
  pages.length = 0;
  await chat.page.goto(url);
  await expect(chat.title).toBeVisible();
}

