/**
 * Owns the screenshots: `node screens/run.mjs BASE_URL FOLDER [tours]` seeds an empty server and writes a PNG for each width,
 * theme and screen. `tours` names some of them (`desktop-light,phone-dark`). It fails if a screen is wider than its window, or
 * if axe finds something on it. Chromium is `CHROMIUM` or the one on the path. `cargo xtask screens` starts the server.
 */
import { mkdir } from "node:fs/promises";
import { chromium } from "playwright-core";
import { Camera } from "./camera.mjs";
import { seed } from "./seed.mjs";
import { tour } from "./tour.mjs";

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

const [base, out, tours] = process.argv.slice(2);
if (base === undefined || out === undefined) {
  console.error("usage: node screens/run.mjs BASE_URL FOLDER [SIZE-THEME,…]");
  process.exit(2);
}

await mkdir(out, { recursive: true });
const { who } = await seed(base);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
/** @type {string[]} */
const problems = [];
let round = 0;
try {
  for (const size of SIZES) {
    for (const theme of THEMES) {
      const name = `${size.name}-${theme}`;
      if (tours !== undefined && !tours.split(",").includes(name)) continue;
      const context = await browser.newContext({
        viewport: { width: size.width, height: size.height },
        colorScheme: theme,
        hasTouch: size.name === "phone",
        isMobile: size.name === "phone",
        baseURL: base,
        locale: "en-GB",
      });
      context.setDefaultTimeout(15_000);
      const page = await context.newPage();
      page.on("pageerror", (error) => problems.push(`${name}: ${error.message}`));
      try {
        await tour(new Camera(page, name, out, problems), size.width, who, round++);
      } catch (error) {
        problems.push(`${name}: the tour ended early: ${error instanceof Error ? error.stack : error}`);
        await page.screenshot({ path: `${out}/ended-early-${name}.png` });
      }
      await context.close();
    }
  }
} finally {
  await browser.close();
}
if (round === 0) problems.push(`no tour is named ${tours}`);
if (problems.length > 0) {
  console.error(problems.join("\n"));
  process.exit(1);
}
