/// <reference types="node" />
/** Owns a real `palaver` for tests: started on a free port over its own data folder, killed hard, and started again. */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import WebSocket from "ws";
import { ChatClient, type State } from "../../src/index.js";

/** Low enough to be reached, high enough not to slow down every test. */
const SENDS_PER_10S = 60;

export class Server {
  private child: ChildProcess | null = null;
  private readonly data = mkdtempSync(join(tmpdir(), "palaver-sdk-"));
  private readonly port: number;
  private readonly settings: Readonly<Record<string, string>>;

  private constructor(port: number, settings: Readonly<Record<string, string>>) {
    this.port = port;
    this.settings = settings;
  }

  /** Starts a server with these settings, by their names in the environment. */
  static async start(settings: Readonly<Record<string, string>> = {}): Promise<Server> {
    const server = new Server(await freePort(), settings);
    await server.up();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async up(): Promise<void> {
    const binary = process.env.PALAVER_BIN;
    if (binary === undefined) throw new Error("PALAVER_BIN must name the palaver binary");
    const env = { ...process.env, PALAVER_LIMITS_SENDS_PER_10S: String(SENDS_PER_10S), ...this.settings };
    const child = spawn(binary, ["--data", this.data, "--listen", `127.0.0.1:${this.port}`], { stdio: "ignore", env });
    this.child = child;
    await until(async () => (await fetch(`${this.url}/health`).catch(() => null))?.ok === true, "the server is healthy");
  }

  /** Kills the server, as a crash would. */
  async kill(): Promise<void> {
    const { child } = this;
    this.child = null;
    if (child === null || child.exitCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
  }

  backup(): string {
    const folder = join(this.data, "..", `${basename(this.data)}-backup`);
    this.run("backup", folder);
    return folder;
  }

  restore(folder: string): void {
    this.run("restore", "--force", folder);
    rmSync(folder, { recursive: true, force: true });
  }

  async end(): Promise<void> {
    await this.kill();
    rmSync(this.data, { recursive: true, force: true });
  }

  private run(...words: string[]): void {
    execFileSync(process.env.PALAVER_BIN ?? "palaver", ["--data", this.data, ...words], { stdio: "ignore" });
  }

  client(): ChatClient {
    return new ChatClient({
      baseUrl: this.url,
      storage: false,
      host: {
        openSocket: (url) => new WebSocket(url),
        // Several clients of one process are not tabs of one browser.
        openChannel: () => ({ post() {}, close() {} }),
      },
    });
  }

  async guest(name: string): Promise<ChatClient> {
    const client = this.client();
    await client.start();
    await client.guest({ name });
    await becomes(client, (state) => state.connection.status === "online", `${name} is online`);
    return client;
  }
}

/** Waits for a state: each change is checked, and the time is only an upper bound. */
export function becomes(client: ChatClient, test: (state: State) => boolean, what: string, ms = 15_000): Promise<State> {
  return new Promise((resolve, reject) => {
    const look = () => {
      const state = client.getState();
      if (!test(state)) return;
      clearTimeout(timer);
      stop();
      resolve(state);
    };
    const stop = client.subscribe(look);
    const timer = setTimeout(() => {
      stop();
      const { connection, session, rooms, outbox } = client.getState();
      const seen = { connection, session, outbox, rooms: [...rooms.values()].map(({ name, head, messages, unread }) => ({ name, head, unread, messages: messages.map(({ seq, text, status }) => [seq, text, status]) })) };
      reject(new Error(`not in ${ms} ms: ${what}; ${JSON.stringify(seen)}`));
    }, ms);
    look();
  });
}

async function until(test: () => Promise<boolean>, what: string): Promise<void> {
  const end = Date.now() + 15_000;
  while (!(await test())) {
    if (Date.now() > end) throw new Error(`not in 15 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
