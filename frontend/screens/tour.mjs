/** Owns what is shown: every screen that a user of the page can come to, in the order in which one comes there. */
import { PASSWORD } from "./api.mjs";
import { alive, news } from "./seed.mjs";
import { between, REFUSED } from "./wire.mjs";

/** From this width on, the people panel is beside the conversation, in pixels. */
const PANEL_BESIDE = 1_100;
/** Below this width, the room list and the conversation take turns. */
const NARROW = 700;

/**
 * @param {import("./camera.mjs").Camera} camera
 * @param {number} width of the window, in pixels
 * @param {(name: string) => import("./api.mjs").Api} who
 * @param {number} n number of tours before this one
 */
export async function tour(camera, width, who, n) {
  const { page } = camera;
  const narrow = width < NARROW;
  const shot = (/** @type {string} */ screen) => camera.shot(screen);
  const press = (/** @type {string | RegExp} */ name) => page.getByRole("button", { name }).first().click();
  const choose = (/** @type {string} */ name) =>
    page.getByRole("menuitem", { name }).or(page.getByRole("menuitemradio", { name })).click();
  const rooms = page.getByRole("navigation", { name: "Rooms" });
  const back = async () => {
    if (narrow) await press("Back to rooms");
  };
  const room = async (/** @type {string} */ name) => {
    await rooms.getByRole("link", { name: new RegExp(`^${name}`) }).click();
    await page.getByRole("heading", { level: 1, name }).waitFor();
  };
  /** Takes a dialog, and closes it. @param {string} screen */
  const takeDialog = async (screen) => {
    // A menu that opened it is a dialog, too, and takes a moment to close.
    const dialog = page.locator("section[role=dialog], section[role=alertdialog]");
    await dialog.waitFor();
    await shot(screen);
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });
  };
  const wire = await between(page);

  await page.goto("/");
  await page.getByRole("textbox", { name: "Your name" }).fill(`guest-${n}`);
  await shot("sign-in");
  await page.getByRole("tab", { name: "Register" }).click();
  await shot("register");
  await page.getByRole("tab", { name: "Sign in" }).click();
  await shot("log-in");
  await page.getByRole("tab", { name: "Guest" }).click();
  await page.getByRole("textbox", { name: "Your name" }).fill(`guest-${n}`);
  await press("Continue as guest");
  await rooms.waitFor();
  await shot("empty");
  for (const [item, screen] of [
    ["Create an account", "upgrade"],
    ["Profile", "profile"],
    ["Signed-in devices", "devices"],
    ["Sign out", "sign-out"],
  ]) {
    await press("Account");
    if (screen === "upgrade") await shot("account-menu");
    await choose(/** @type {string} */ (item));
    await takeDialog(/** @type {string} */ (screen));
  }

  await page.context().clearCookies();
  await page.evaluate(() =>
    indexedDB.databases().then((all) => Promise.all(all.map((one) => indexedDB.deleteDatabase(one.name ?? "")))),
  );
  await page.goto("/reset#token=unknown");
  await shot("new-password");
  await page.goto("about:blank");
  await page.goto("/");
  await page.getByRole("tab", { name: "Sign in" }).click();
  await page.getByRole("textbox", { name: "Name", exact: true }).fill("ada");
  await page.getByRole("textbox", { name: "Password" }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await rooms.waitFor();
  await news(who, n);
  await alive(who);
  if (narrow) await shot("rooms");
  await room("General");
  await page.getByRole("article").last().waitFor();
  await camera.settled();
  await alive(who);
  await page.getByTestId("typing").getByText("is typing").waitFor();
  await shot("busy-room");

  await inTheRoom();
  const people = page.getByRole("region", { name: "People" });
  const openPeople = async () => {
    if (!(await people.isVisible())) await page.getByRole("button", { name: "People", exact: true }).click();
  };
  const closePeople = async () => {
    if (width < PANEL_BESIDE) await people.getByRole("button", { name: "Close" }).click();
  };
  await openPeople();
  await shot("people");
  await closePeople();
  // A room of her own, in which she may do everything.
  await back();
  await room("Books");
  await openPeople();
  await people
    .getByRole("button", { name: /^Actions for/ })
    .first()
    .click();
  await shot("person-menu");
  await choose("Ban");
  await takeDialog("ban");
  await closePeople();

  await back();
  await press(/^Notifications/);
  await shot("notifications");
  await page.keyboard.press("Escape");
  await press(/^Connection/);
  await takeDialog("connection");
  await press("Browse rooms");
  await page.getByRole("button", { name: "Join Music" }).waitFor();
  await takeDialog("directory");
  await press("Create room");
  await takeDialog("create-room");
  await press("New direct message");
  await page.getByRole("dialog").getByLabel("Person’s name").fill("gra");
  await page.getByRole("dialog").getByText("Grace Hopper").waitFor();
  await takeDialog("find-person");
  await press("Account");
  await choose("Delete account");
  await takeDialog("delete-account");

  await page.goto("/r/nowhere");
  await page.getByText("There is no room").waitFor();
  await shot("no-such-room");
  await back();
  await room("Random");
  const composer = page.getByRole("textbox", { name: "Message", exact: true });
  await composer.fill(REFUSED);
  await press("Send");
  await page.getByRole("button", { name: "Discard" }).waitFor();
  await wire.cut();
  await composer.fill("I am in the tunnel: this goes out when the train leaves it.");
  await press("Send");
  await page.getByTestId("connection-bar").waitFor();
  await shot("offline");

  /** What a conversation offers: menus, dialogs, the viewer, and the states of the composer. */
  async function inTheRoom() {
    const log = page.getByRole("log", { name: "Messages" });
    const composer = page.getByRole("textbox", { name: "Message", exact: true });
    /** Opens a message's menu, from its toolbar where that comes first. @param {import("playwright-core").Locator} message */
    const openMenu = async (message) => {
      const menu = page.getByRole("menu");
      const more = message.getByRole("button", { name: "More", exact: true });
      await message.click({ button: "right" });
      await menu.or(more).first().waitFor();
      if (!(await menu.isVisible())) await more.click();
      await menu.waitFor();
    };
    await openMenu(log.getByRole("article").last());
    await shot("message-menu");
    await page.keyboard.press("Escape");
    await page.getByRole("menu").waitFor({ state: "hidden" });
    const text = `Written on tour ${n}`;
    await composer.fill(text);
    await press("Send");
    const own = log.getByRole("article").filter({ hasText: text });
    await openMenu(own);
    await choose("Edit");
    await shot("edit");
    await page.getByRole("button", { name: "Save changes" }).waitFor();
    await composer.press("Escape");
    await openMenu(own);
    await choose("Delete message");
    await takeDialog("delete-message");
    await composer.fill("@");
    await page.getByRole("listbox").waitFor();
    await shot("mention");
    await composer.fill("");
    const picture = log.getByRole("button", { name: "Open rooftop-sunset.png" });
    while (!(await picture.isVisible())) {
      await log.evaluate((list) => list.scrollBy({ top: -200 }));
      await page.waitForTimeout(50);
    }
    await picture.click();
    await page.getByRole("dialog", { name: "rooftop-sunset.png" }).waitFor();
    await takeDialog("viewer");
    await press("Room menu");
    await shot("room-menu");
    await choose("Leave room");
    await takeDialog("leave-room");
    await press("Room menu");
    await choose("Invite");
    await takeDialog("invite");
  }
}
