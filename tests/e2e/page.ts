/** Owns what a user does with the page, by the accessible names of its controls. It expects nothing except that they exist. */
import type { Locator, Page } from "@playwright/test";

export class Chat {
  constructor(
    readonly page: Page,
    readonly name: string,
  ) {
    page.on("websocket", (socket) => {
      socket.on("framereceived", ({ payload }) => this.sayNode(String(payload)));
      socket.on("framesent", ({ payload }) => this.keepMark(String(payload)));
    });
  }

  /** The newest read mark that the page has sent, across all rooms. */
  marked = 0;

  private keepMark(frame: string): void {
    const { t, seq } = JSON.parse(frame) as { t: string; seq?: number };
    if (t === "read" && seq !== undefined) this.marked = seq;
  }

  /** Logs which node the page is on, for people who read the output: the node names itself in the welcome. */
  private sayNode(frame: string): void {
    const node = /"t":"welcome".*?"node":"([^"]+)"/s.exec(frame)?.[1];
    if (node) console.log(`${this.name} is on ${node}`);
  }

  /** Creates an account. */
  async register(url: string): Promise<void> {
    await this.page.goto(url);
    await this.page.getByRole("tab", { name: "Register" }).click();
    await this.page.getByRole("textbox", { name: "Name", exact: true }).fill(this.name);
    await this.page.getByRole("textbox", { name: "Password" }).fill("correct horse battery staple");
    await this.page.getByRole("button", { name: "Create account" }).click();
  }

  /** Returns a room's entry in the room list. */
  room(name: string): Locator {
    return this.page.getByRole("navigation", { name: "Rooms" }).getByRole("link", { name });
  }

  async createRoom(name: string): Promise<void> {
    await this.page.getByRole("navigation", { name: "Rooms" }).getByRole("button", { name: "Create room" }).click();
    const dialog = this.page.getByRole("dialog");
    await dialog.getByRole("textbox", { name: "Room name" }).fill(name);
    await dialog.getByRole("button", { name: "Create", exact: true }).click();
    await dialog.waitFor({ state: "hidden" });
  }

  async joinRoom(name: string): Promise<void> {
    await this.page.getByRole("navigation", { name: "Rooms" }).getByRole("button", { name: "Browse rooms" }).click();
    await this.page.getByRole("dialog", { name: "Rooms to join" }).getByRole("button", { name: `Join ${name}` }).click();
  }

  /** Registers, joins a room and opens it. */
  async enter(url: string, room: string): Promise<void> {
    await this.register(url);
    await this.joinRoom(room);
    await this.room(room).click();
  }

  get composer(): Locator {
    return this.page.getByRole("textbox", { name: "Message", exact: true });
  }

  /** Returns the heading of the open conversation; a page about a room that the user is not in has a heading of its own. */
  get title(): Locator {
    return this.page.locator("header").getByRole("heading", { level: 1 });
  }

  get log(): Locator {
    return this.page.getByRole("log", { name: "Messages" });
  }

  /** Returns the message that contains a text. */
  message(text: string): Locator {
    return this.log.getByRole("article").filter({ hasText: text });
  }

  async say(text: string): Promise<void> {
    await this.composer.fill(text);
    await this.composer.press("Enter");
  }

  /** Presses a button of a message's toolbar, which shows on hover. */
  async act(text: string, button: string): Promise<void> {
    const message = this.message(text);
    await message.hover();
    await message.getByRole("button", { name: button, exact: true }).click();
  }

  /** Returns the pill that scrolls to the newest message. It shows when that message is out of sight. */
  get pill(): Locator {
    return this.page.getByRole("button", { name: /^(\d+ new messages?|Jump to newest)$/ });
  }

  /** Returns how much of the conversation is below the window, in pixels. */
  below(): Promise<number> {
    return this.log.evaluate((log) => log.scrollHeight - log.scrollTop - log.clientHeight);
  }

  get typing(): Locator {
    return this.page.getByTestId("typing");
  }

  get connection(): Locator {
    return this.page.getByTestId("connection");
  }

  get notifications(): Locator {
    return this.page.getByRole("button", { name: /^Notifications/ });
  }

  async people(): Promise<Locator> {
    const region = this.page.getByRole("region", { name: "People" });
    if (!(await region.isVisible())) await this.page.getByRole("button", { name: "People", exact: true }).click();
    return region;
  }
}
