/**
 * Owns a real server: one process with its own port and data, or a whole installation that `cargo xtask cloud --test` runs.
 * Starts it, kills it, and starts it again on the same data.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const START_MS = 30_000;

export abstract class Palaver {
  /** Output of the server, for the report of a failed test. */
  log = "";

  /**
   * Returns the installation that PALAVER_CLOUD names, or else starts the server that PALAVER_BIN names on an empty data
   * folder. Settings need a server of the test's own: such a test is on the list in playwright.config.ts.
   */
  static async start(settings: Readonly<Record<string, string>> = {}): Promise<Palaver> {
    const { PALAVER_BIN: binary, PALAVER_CLOUD: url, PALAVER_CLOUD_CONTROL: control } = process.env;
    if (url && control) {
      if (Object.keys(settings).length > 0) throw new Error("a shared installation takes no settings");
      return new Installation(url, control);
    }
    if (!binary) throw new Error("PALAVER_BIN is not set; `cargo xtask test` sets it");
    const server = new OneProcess(binary, await freePort(), await mkdtemp(join(tmpdir(), "palaver-e2e-")), settings);
    await server.startAgain();
    return server;
  }

  abstract get url(): string;

  /** Starts the server again in place, and waits until it is healthy. */
  abstract startAgain(): Promise<void>;

  /** Kills the server, as a crash would. */
  abstract kill(): Promise<void>;

  /** Stops the server and removes its data. */
  abstract remove(): Promise<void>;
}

/** Several nodes behind one address. The program that runs them also kills, starts and removes them. */
class Installation extends Palaver {
  constructor(
    readonly url: string,
    private readonly control: string,
  ) {
    super();
  }

  startAgain(): Promise<void> {
    return this.order("start");
  }

  /** Kills all nodes that hold sockets: each page has to lose its own. */
  kill(): Promise<void> {
    return this.order("kill");
  }

  async remove(): Promise<void> {}

  private async order(order: string): Promise<void> {
    const [host, port] = this.control.split(":");
    const connection = connect(Number(port), host);
    connection.write(`${order}\n`);
    let answer = "";
    for await (const text of connection) answer += text;
    this.log += `${order}: ${answer}`;
    if (answer.trim() !== "done") throw new Error(`the nodes did not ${order}: ${answer}`);
  }
}

class OneProcess extends Palaver {
  private child?: ChildProcess;

  constructor(
    private readonly binary: string,
    private readonly port: number,
    private readonly data: string,
    private readonly settings: Readonly<Record<string, string>>,
  ) {
    super();
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async startAgain(): Promise<void> {
    const env = { ...process.env, ...this.settings };
    const child = spawn(this.binary, ["--listen", `127.0.0.1:${this.port}`, "--data", this.data], { env });
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

  async kill(): Promise<void> {
    const child = this.child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

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

/** Returns a port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const address = listener.address();
  listener.close();
  await once(listener, "close");
  if (address === null || typeof address === "string") throw new Error("a listener on loopback has a port");
  return address.port;
}
