/**
 * Owns the screenshots: `node screens/run.mjs BASE_URL FOLDER [only]` seeds an empty server and writes a PNG for each
 * width, theme and screen. Chromium is `CHROMIUM` or the one on the path. `cargo xtask screens` starts the server.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { PASSWORD } from "./api.mjs";
import { alive, news, seed } from "./seed.mjs";

const SIZES = [
  { name: "desktop", width: 1440, height: 900 },
  { name: "tablet", width: 820, height: 1180 },
  { name: "phone", width: 390, height: 844 },
];
const THEMES = /** @type {const} */ (["light", "dark"]);
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];
/** Marks the text that the proxy between page and server refuses. */
const REFUSED = "Has anybody seen my umbrella?";

const [base, out, only] = process.argv.slice(2);
if (base === undefined || out === undefined) {
  console.error("usage: node screens/run.mjs BASE_URL FOLDER [part of a screenshot's name]");
  process.exit(2);
}

await mkdir(out, { recursive: true });
const { who } = await seed(base);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
const problems = [];
let round = 0;
try {
  for (const size of SIZES) {
    for (const theme of THEMES) await tour(size, theme, round++);
  }
} finally {
  await browser.close();
}
if (problems.length > 0) {
  console.error(problems.join("\n"));
  process.exit(1);
}

/** @param {(typeof SIZES)[number]} size @param {"light" | "dark"} theme @param {number} n */
async function tour(size, theme, n) {
  const phone = size.name === "phone";
  const context = await browser.newContext({
    viewport: { width: size.width, height: size.height },
    colorScheme: theme,
    hasTouch: phone,
    isMobile: phone,
    baseURL: base,
  });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  page.on("pageerror", (error) => problems.push(`${size.name} ${theme}: ${error.message}`));
  const wire = await between(page);

  const shot = async (/** @type {string} */ screen) => {
    const name = `${screen}-${size.name}-${theme}.png`;
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (wider > 0) problems.push(`${name}: the page is ${wider} px wider than the window`);
    if (only !== undefined && !name.includes(only)) return;
    // The pointer is moved away, so that nothing that shows on hover is in the picture.
    await page.mouse.move(1, size.height - 1);
    await page.screenshot({ path: join(out, name), animations: "disabled", caret: "hide" });
    console.log(name);
  };
  const room = (/** @type {string} */ name) =>
    page
      .getByRole("navigation", { name: "Rooms" })
      .getByRole("link", { name: new RegExp(`^${name}`) })
      .click();
  const back = async () => {
    if (phone) await page.getByRole("button", { name: "Back to rooms" }).click();
  };

  await page.goto("/");
  await page.getByRole("textbox", { name: "Name", exact: true }).fill(`guest-${n}`);
  await shot("sign-in");
  await page.getByRole("button", { name: "Continue as guest" }).click();
  await page.getByRole("navigation", { name: "Rooms" }).waitFor();
  await settled(page);
  await shot("empty");

  await context.clearCookies();
  await page.evaluate(() =>
    indexedDB.databases().then((all) => Promise.all(all.map((one) => indexedDB.deleteDatabase(one.name ?? "")))),
  );
  await page.goto("about:blank");
  await page.goto("/");
  await page.getByRole("tab", { name: "Sign in" }).click();
  await page.getByRole("textbox", { name: "Name", exact: true }).fill("ada");
  await page.getByRole("textbox", { name: "Password" }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("navigation", { name: "Rooms" }).waitFor();
  await news(who, n);
  await alive(who);
  await settled(page);
  if (phone) await shot("rooms");
  await room("General");
  await page.getByRole("article").last().waitFor();
  await settled(page);
  await alive(who);
  await page.getByTestId("typing").getByText("is typing").waitFor();
  await shot("busy-room");

  const people = page.getByRole("region", { name: "People" });
  if (!(await people.isVisible())) await page.getByRole("button", { name: "People", exact: true }).click();
  await settled(page);
  await shot("people");
  if (size.width < 1100) await people.getByRole("button", { name: "Close" }).click();

  await back();
  await page.getByRole("button", { name: /^Notifications/ }).click();
  await settled(page);
  await shot("notifications");
  await page.keyboard.press("Escape");

  await page.getByRole("button", { name: "Browse rooms" }).click();
  await page.getByRole("button", { name: "Join Music" }).waitFor();
  await settled(page);
  await shot("directory");
  await page.keyboard.press("Escape");

  await room("Random");
  const composer = page.getByRole("textbox", { name: "Message", exact: true });
  await composer.fill(REFUSED);
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByRole("button", { name: "Discard" }).waitFor();
  wire.cut();
  await composer.fill("I am in the tunnel: this goes out when the train leaves it.");
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByRole("status").filter({ hasText: "Reconnecting" }).waitFor();
  await settled(page);
  await shot("offline");
  await context.close();
}

/** Waits until fonts and pictures are loaded and animations have ended. @param {import("playwright-core").Page} page */
async function settled(page) {
  await page.evaluate(async () => {
    await document.fonts.ready;
    await Promise.all([...document.images].map((image) => image.decode().catch(() => undefined)));
  });
  await page.waitForTimeout(500);
}

/**
 * Proxies between page and server: refuses one message, and cuts the connection on request.
 * @param {import("playwright-core").Page} page
 */
async function between(page) {
  let down = false;
  /** @type {import("playwright-core").WebSocketRoute[]} */
  const sockets = [];
  await page.routeWebSocket(/\/v1\/ws/, (socket) => {
    if (down) {
      void socket.close({ code: 4412 });
      return;
    }
    const server = socket.connectToServer();
    sockets.push(socket);
    socket.onMessage((message) => {
      const frame = JSON.parse(String(message));
      if (frame.t !== "send" || frame.text !== REFUSED) {
        server.send(message);
        return;
      }
      const refusal = {
        t: "error",
        id: frame.id,
        of: "send",
        room: frame.room,
        code: "forbidden",
        message: "You may not write in this room any more.",
      };
      socket.send(JSON.stringify(refusal));
    });
  });
  return {
    cut: () => {
      down = true;
      for (const socket of sockets) void socket.close({ code: 4412 });
    },
  };
}
