import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { launch } from "./support/browser.ts";
import { Folder } from "./support/folder.ts";
import { install } from "./support/packed.ts";
import { block, blocks, pathOf, read } from "./support/repository.ts";
import { run } from "./support/run.ts";
import { Server, becomes, type State } from "./support/server.ts";

const README = "frontend/sdk/README.md";
/** The server of the README's examples and of the page in `examples/web`. */
const EXAMPLE = "http://127.0.0.1:8080";

/** The pages of another origin than the server, which allows that origin; and the browser that opens them. */
let pages: Folder;
let server: Server;
let browser: Browser;
beforeAll(async () => {
  pages = await Folder.serve();
  server = await Server.start({ PALAVER_ORIGINS: pages.origin });
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
  await server?.end();
  await pages?.close();
});

/** Opens a page, and fails the test with what goes wrong in it. */
async function open(path: string): Promise<{ page: Page; problems: string[] }> {
  const page = await (await browser.newContext()).newPage();
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  await page.goto(`${pages.origin}/${path}`);
  return { page, problems };
}

describe("a fresh Vite app with React and TypeScript", () => {
  // Below this folder, so that it finds the pinned React and Vite; the SDK in it comes from the package.
  const app = pathOf("tests/clients/.app");
  const bin = (name: string) => pathOf(`tests/clients/node_modules/.bin/${name}`);
  beforeAll(() => {
    rmSync(app, { recursive: true, force: true });
    run(bin("create-vite"), [".app", "--template", "react-ts", "--no-interactive"], pathOf("tests/clients"));
    install(inject("tarball"), app, []);
  });

  it("is type-checked and built with the README's own lines, and its session survives a reload on another origin", async () => {
    const [room, ...more] = blocks("README.md", "tsx");
    expect([blocks(README, "ts", "tsx", "js").length, more], "a block of a README is not tested").toEqual([3, []]);
    writeFileSync(join(app, "src/App.tsx"), block(README, "src/App.tsx").replace(EXAMPLE, server.url));
    writeFileSync(join(app, "src/chat.ts"), block(README, "src/chat.ts"));
    writeFileSync(join(app, "src/Room.tsx"), room as string);
    run(bin("tsc"), ["-p", "tsconfig.app.json"], app);
    run(bin("vite"), ["build", "--base", "./", "--logLevel", "warn"], app);

    pages.add("app", join(app, "dist"));
    const { page, problems } = await open("app/index.html");
    await page.getByRole("button", { name: "Chat as ada" }).click();
    await page.getByRole("button", { name: "Join general" }).click();
    await page.getByRole("button", { name: "Say hello" }).click();
    await page.getByText(/^ada.*: hello$/).waitFor();
    const said = await page.getByText(/^ada.*: hello$/).innerText();

    await page.reload();
    await page.getByText(said).waitFor();
    await page.getByRole("button", { name: "Say hello" }).click();
    await page.getByText(said).nth(1).waitFor();
    expect(problems).toEqual([]);
  });
});

describe("the page of one file in examples/web", () => {
  it("chats on another origin than the server, and its session survives a reload and a restart of the server", async () => {
    const source = read("examples/web/index.html");
    expect(source.split("\n").length - 1).toBeLessThanOrEqual(60);
    const folder = mkdtempSync(join(tmpdir(), "palaver-web-"));
    install(inject("tarball"), folder);
    expect(source).toContain(`"${EXAMPLE}"`);
    writeFileSync(join(folder, "index.html"), source.replace(EXAMPLE, server.url));
    pages.add("web", folder);

    const { page, problems } = await open("web/index.html");
    await page.getByLabel("Your name").fill("grace");
    await page.getByRole("button", { name: "Chat" }).click();
    await page.getByLabel("Message").fill("<b>hello</b>");
    await page.getByRole("button", { name: "Send" }).click();
    const line = page.getByRole("listitem").filter({ hasText: /^grace.*: <b>hello<\/b>$/ });
    await line.waitFor();

    await page.reload();
    await line.waitFor();
    await server.kill();
    await page.getByText(/^grace.*, waiting$/).waitFor();
    await page.getByLabel("Message").fill("typed while the server was down");
    await page.getByRole("button", { name: "Send" }).click();
    await server.up();
    await page.getByText(/^grace.*: typed while the server was down$/).waitFor();
    expect(await page.getByRole("listitem").filter({ hasText: "typed while" }).count()).toBe(1);
    expect(problems).toEqual([]);
    rmSync(folder, { recursive: true, force: true });
  });
});

describe("the README's first program", () => {
  it("joins, shows what is said, and sends once", async () => {
    const folder = mkdtempSync(join(tmpdir(), "palaver-first-"));
    install(inject("tarball"), folder, ["idb", "ws"]);
    const program = block(README, "src/chat.ts");
    expect(program).toContain('"https://chat.example.org"');
    // Other tests say hello, too. It has no types of its own, so that Node runs it as it is. What browsers have and Node 20 lacks is put in front.
    writeFileSync(join(folder, "browser.mjs"), 'import WebSocket from "ws"; globalThis.WebSocket = WebSocket;');
    writeFileSync(join(folder, "chat.mjs"), program.replace("https://chat.example.org", server.url).replace('"hello"', '"hello from here"'));
    const child = spawn(process.execPath, ["--import", "./browser.mjs", "chat.mjs"], { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
    try {
      const sent = /^ada\S* hello from here sent$/;
      const lines: string[] = [];
      for await (const line of createInterface({ input: child.stdout })) {
        lines.push(line);
        if (sent.test(line)) break;
      }
      expect(lines.filter((line) => sent.test(line))).toHaveLength(1);
    } finally {
      child.kill();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe("the README's program for Node", () => {
  it("says hello, ends by itself, and is the same user in its next run", async () => {
    const folder = mkdtempSync(join(tmpdir(), "palaver-node-"));
    install(inject("tarball"), folder, ["idb", "ws"]);
    const program = block(README, "hello.mjs");
    expect(program).toContain(`"${EXAMPLE}"`);
    writeFileSync(join(folder, "hello.mjs"), program.replace(EXAMPLE, server.url));
    const reader = await server.guest("reader");
    const general = await reader.enterRoom("general");
    for (let runs = 0; runs < 2; runs++) run(process.execPath, ["hello.mjs"], folder);
    expect(readFileSync(join(folder, "session.txt"), "utf8").length).toBeGreaterThan(20);

    await reader.openRoom(general);
    const hellos = (state: State) => state.rooms.get(general)!.messages.filter(({ text }) => text === "hello from Node");
    const state = await becomes(reader, (now) => hellos(now).length === 2, "both runs said hello");
    expect(new Set(hellos(state).map(({ by }) => by.id)).size).toBe(1);
    reader.stop();
    rmSync(folder, { recursive: true, force: true });
  });
});
