/** Owns how one screen is taken and judged: its picture, whether it fits the window, and what axe finds. */

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export class Camera {
  /**
   * @param {import("playwright-core").Page} page
   * @param {string} tour the name of the size and the theme
   * @param {string} out the folder for the pictures
   * @param {string[]} problems gets what is wrong with a screen
   */
  constructor(page, tour, out, problems) {
    this.page = page;
    this.tour = tour;
    this.out = out;
    this.problems = problems;
  }

  /** Takes the screen as it is, once it is still. @param {string} screen */
  async shot(screen) {
    const { page } = this;
    const name = `${screen}-${this.tour}`;
    await this.settled();
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (wider > 0) this.problems.push(`${name}: the page is ${wider} px wider than the window`);
    // The pointer is moved away, so that nothing that shows on hover is in the picture.
    await page.mouse.move(1, (page.viewportSize()?.height ?? 1) - 1);
    await page.screenshot({ path: join(this.out, `${name}.png`), animations: "disabled", caret: "hide" });
    for (const problem of await this.axe()) this.problems.push(`${name}: ${problem}`);
    console.log(`${name}.png`);
  }

  /** Waits until fonts and pictures are loaded and animations have ended. */
  async settled() {
    // On a touch screen, a dialog with a text field is transparent until the keyboard is open, or does not open in time.
    await this.page.waitForFunction(() => document.querySelector('[style*="opacity: 0"]') === null);
    await this.page.evaluate(async () => {
      await document.fonts.ready;
      await Promise.all([...document.images].map((image) => image.decode().catch(() => undefined)));
      // What never ends, such as the dots of who is typing, is not waited for.
      const ending = document
        .getAnimations()
        .filter(({ effect }) => effect?.getComputedTiming().endTime !== Number.POSITIVE_INFINITY);
      await Promise.all(ending.map(({ finished }) => finished.catch(() => undefined)));
    });
    await this.page.waitForTimeout(400);
  }

  /** Returns what axe finds, a line each. */
  async axe() {
    await this.page.evaluate(AXE);
    return this.page.evaluate(async () => {
      const { axe } = /** @type {{ axe: import("axe-core") }} */ (/** @type {unknown} */ (window));
      const { violations } = await axe.run(document, { resultTypes: ["violations"] });
      return violations.flatMap(({ id, help, nodes }) =>
        nodes.map(
          ({ html, any }) => `${id} (${help}): ${html.slice(0, 200)} ${any.map(({ message }) => message).join(" ")}`,
        ),
      );
    });
  }
}
