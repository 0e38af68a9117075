/** Owns how the browser is started. Which server it talks to is the tests' own affair. */
import { defineConfig } from "@playwright/test";

/** Tests that start a server with settings of their own, and the reason. An installation that runs already has its own. */
const OWN_SERVER = [
  // A thousand people sign in from one address and talk faster than people do: no limit may stand in their way. What it
  // measures is the page, which is the same on each profile.
  "crowd.spec.ts",
];

export default defineConfig({
  testDir: ".",
  testIgnore: process.env.PALAVER_CLOUD ? OWN_SERVER : [],
  timeout: 60_000,
  expect: { timeout: 15_000 },
  // One test tells the story of one server; it is neither retried nor run beside another.
  workers: 1,
  retries: 0,
  forbidOnly: true,
  outputDir: "test-results",
  use: {
    trace: "retain-on-failure",
    screenshot: "only-on-failure",
    locale: "en-GB",
    // Tall enough that the whole story is on the page at once: what scrolled away is not in its list of messages.
    viewport: { width: 1280, height: 1800 },
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: [
        // Chromium's sandbox needs rights that root in a container does not have.
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        // Both windows count as in front, as two windows side by side do.
        "--disable-backgrounding-occluded-windows",
        "--disable-renderer-backgrounding",
      ],
    },
  },
});
