/** Owns how `cargo xtask prove page` measures: the browser of the tests, one measurement at a time. */
import { defineConfig } from "@playwright/test";
import all from "./playwright.config.ts";

const { projects: _, ...tests } = all;

export default defineConfig({
  ...tests,
  testDir: "prove",
  testMatch: "*.prove.ts",
  timeout: 45 * 60_000,
  use: { ...tests.use, trace: "off", screenshot: "off" },
});
