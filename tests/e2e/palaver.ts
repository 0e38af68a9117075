/** A real server with its own port and data. Owns the process: starts it, kills it, starts it again on the same data. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const START_MS = 30_000;

export class Palaver {
  private child?: ChildProcess;
  /** What it wrote, for the report of a failed test. */
  log = "";

  private constructor(
    private readonly binary: string,
    private readonly port: number,
    private readonly data: string,
  ) {}

  /** Starts the server that PALAVER_BIN names on an empty data folder. */
  static async start(): Promise<Palaver> {
    const binary = process.env.PALAVER_BIN;
    if (!binary) throw new Error("PALAVER_BIN names no server; `cargo xtask test` sets it");
    const server = new Palaver(binary, await freePort(), await mkdtemp(join(tmpdir(), "palaver-e2e-")));
    await server.startAgain();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Starts it on the same port and data, and waits until it is healthy. */
  async startAgain(): Promise<void> {
    const child = spawn(this.binary, ["--listen", `127.0.0.1:${this.port}`, "--data", this.data]);
    const keep = (text: Buffer) => {
      this.log += text.toString();
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    this.child = child;
    const deadline = Date.now() + START_MS;
    while (!(await this.isHealthy())) {
      if (child.exitCode !== null || Date.now() > deadline) throw new Error(`the server did not come up:\n${this.log}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Ends it as a crash would. */
  async kill(): Promise<void> {
    const child = this.child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  /** Ends it and removes its data. */
  async remove(): Promise<void> {
    await this.kill();
    await rm(this.data, { recursive: true, force: true });
  }

  private async isHealthy(): Promise<boolean> {
    try {
      return (await fetch(`${this.url}/health`)).ok;
    } catch {
      return false;
    }
  }
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const address = listener.address();
  listener.close();
  await once(listener, "close");
  if (address === null || typeof address === "string") throw new Error("a listener on loopback has a port");
  return address.port;
}
