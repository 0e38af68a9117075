/** Owns how the browser is started. The tests choose the server it talks to. */
import { defineConfig } from "@playwright/test";

/** Tests that start a server with their own settings, and the reason. A shared installation already has its settings. */
const OWN_SERVER = [
  // It deletes accounts of its own, and needs the server's admin.
  "accounts.spec.ts",
  // It tests what the page does before and after a message is sent, with people of its own.
  "composing.spec.ts",
  // It tests the docs page, which is the same on each profile, with a room of its own.
  "docs.spec.ts",
  // It tests an installation that nobody has used.
  "first.spec.ts",
  // They start servers with settings of their own, and need people in the states that they test.
  "entrance.spec.ts",
  "people.spec.ts",
  // It tests a server with a public URL of its own.
  "published.spec.ts",
  // One person writes more in a minute than people do.
  "reading.spec.ts",
  "rows.spec.ts",
  // It needs a first account that is nobody else.
  "requests.spec.ts",
  // They test what the page makes of texts and pictures, which is the same on each profile, with people of their own.
  "pictures.spec.ts",
  "text.spec.ts",
  "xss.spec.ts",
];

/**
 * A test that measures the page, which is the same on each profile, and that nothing else may disturb. A thousand people sign in
 * from one address and write faster than people do: no limit may stand in their way.
 */
const LOAD = ["crowd.spec.ts"];

export default defineConfig({
  testDir: ".",
  timeout: 60_000,
  expect: { timeout: 15_000 },
  // Each test file tells the story of one server; it is neither retried nor run in parallel. Stories with servers of their own
  // may run beside each other (`--project stories --workers 2`).
  projects: [
    { name: "stories", testIgnore: [...LOAD, ...(process.env.PALAVER_CLOUD ? OWN_SERVER : [])] },
    { name: "load", testMatch: process.env.PALAVER_CLOUD ? [] : LOAD },
  ],
  workers: 1,
  retries: 0,
  forbidOnly: true,
  outputDir: "test-results",
  use: {
    trace: "retain-on-failure",
    screenshot: "only-on-failure",
    locale: "en-GB",
    // Tall enough to show the whole story at once: the list of messages does not contain what scrolled away.
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
        // Both windows count as visible, like two windows side by side.
        "--disable-backgrounding-occluded-windows",
        "--disable-renderer-backgrounding",
      ],
    },
  },
});
