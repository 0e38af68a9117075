import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pathOf, read } from "./support/repository.ts";
import { Server, becomes } from "./support/server.ts";

const CLIENT = "examples/python/chat.py";

/** The program of `examples/python`, with its lines of input and output. */
class Chat {
  readonly lines: string[] = [];
  errors = "";
  private readonly child: ChildProcess;
  private readonly listeners = new Set<() => void>();

  constructor(url: string, room: string, name: string) {
    const python = process.env.EXAMPLES_PYTHON;
    if (python === undefined) throw new Error("EXAMPLES_PYTHON must name a Python with examples/python/requirements.txt");
    // How long `websockets` waits before it tries again: as long as users like, and tests do not.
    const env = { ...process.env, WEBSOCKETS_BACKOFF_INITIAL_DELAY: "0.2", WEBSOCKETS_BACKOFF_MIN_DELAY: "0.2", WEBSOCKETS_BACKOFF_MAX_DELAY: "1" };
    this.child = spawn(python, [pathOf(CLIENT), url, room, name], { stdio: "pipe", env });
    this.child.stderr?.on("data", (data) => {
      this.errors += String(data);
    });
    createInterface({ input: this.child.stdout! }).on("line", (line) => {
      this.lines.push(line);
      for (const listener of this.listeners) listener();
    });
  }

  say(text: string): void {
    this.child.stdin?.write(`${text}\n`);
  }

  /** Waits until it has printed a line that ends with this. */
  printed(text: string, ms = 20_000): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`not printed in ${ms} ms: ${text}; ${this.lines.join(" | ")}; ${this.errors}`)), ms);
      const look = () => {
        if (!this.lines.some((line) => line.endsWith(text))) return;
        clearTimeout(timer);
        this.listeners.delete(look);
        resolve();
      };
      this.listeners.add(look);
      look();
    });
  }

  /** Waits until it follows the room: it prints what is said from then on, and its own lines, too. */
  async isThere(word = "I am here"): Promise<Chat> {
    this.say(word);
    await this.printed(`: ${word}`);
    return this;
  }

  end(): void {
    this.child.kill("SIGKILL");
  }
}

describe("the client in examples/python", () => {
  let server: Server;
  const running: Chat[] = [];
  beforeAll(async () => {
    server = await Server.start();
  });
  afterAll(async () => {
    for (const chat of running) chat.end();
    await server?.end();
  });

  function start(name: string): Chat {
    const chat = new Chat(server.url, "general", name);
    running.push(chat);
    return chat;
  }

  it("has at most 60 lines", () => {
    expect(read(CLIENT).split("\n").length - 1).toBeLessThanOrEqual(60);
  });

  it("sends each line once and prints each message once, in order, through restarts of the server", async () => {
    const [ada, bob] = [start("ada"), start("bob")];
    await Promise.all([ada.isThere(), bob.isThere()]);
    const grace = await server.guest("grace");
    const general = await grace.enterRoom("general");
    await grace.openRoom(general);
    const shown = () => grace.getState().rooms.get(general)!.messages.map(({ text }) => text);

    const said = ["I am here", "I am here"];
    const say = (chat: Chat, text: string) => {
      said.push(text);
      chat.say(text);
    };
    say(ada, "one");
    await bob.printed(": one");
    say(bob, "two 👍 ünïcode");
    await ada.printed(": two 👍 ünïcode");
    for (let round = 0; round < 3; round++) {
      // Some are on the wire when the server is killed, others are written while it is down.
      for (let k = 0; k < 4; k++) say(k % 2 === 0 ? ada : bob, `before ${round}.${k}`);
      await new Promise((resolve) => setTimeout(resolve, 10 * round));
      await server.kill();
      for (let k = 0; k < 4; k++) say(k % 2 === 0 ? ada : bob, `while down ${round}.${k}`);
      await server.up();
      grace.reconnectNow();
      // From a client that is back before they are: they missed it, and resume.
      grace.send(general, `missed ${round}`);
      said.push(`missed ${round}`);
      for (const chat of [ada, bob]) for (const text of said) await chat.printed(`: ${text}`);
    }

    const state = await becomes(grace, () => shown().length === said.length, "all are there");
    expect(state.outbox).toEqual([]);
    expect([...shown()].sort()).toEqual([...said].sort());
    // Each prints what it was there for: all of it, once, in the order of the room.
    for (const chat of [ada, bob]) {
      const texts = chat.lines.map((line) => line.slice(line.indexOf(": ") + 2));
      expect(texts).toEqual(shown().slice(shown().length - texts.length));
      expect(texts.length).toBeGreaterThanOrEqual(said.length - 1);
      expect(chat.errors).toBe("");
    }
    // The lines of each client keep their order.
    const order = (texts: string[]) => texts.filter((text) => /^(before|while down) \d\.[02]$/.test(text));
    expect(order(shown())).toEqual(order(said));
    grace.stop();
  });

  it("notices a restored backup, and sends what is waiting", async () => {
    const [dan, eve] = [start("dan"), start("eve")];
    await Promise.all([dan.isThere(), eve.isThere()]);
    dan.say("kept");
    await eve.printed(": kept");
    const folder = server.backup();
    dan.say("lost with the disk");
    // It is sent once the one before is acked; its own ack may get lost, so that it is sent again.
    dan.say("perhaps lost");
    await eve.printed(": perhaps lost");
    await server.kill();
    dan.say("written meanwhile");
    server.restore(folder);
    await server.up();
    // Both start again at the head of the restored room, and go on from there.
    await Promise.all([dan.isThere("dan is back"), eve.isThere("eve is back")]);
    dan.say("and afterwards");
    await eve.printed(": and afterwards");

    const reader = await server.guest("reader");
    const general = await reader.enterRoom("general");
    await reader.openRoom(general);
    const texts = () => reader.getState().rooms.get(general)!.messages.map(({ by, text }) => (by.name.startsWith("dan") ? text : ""));
    await becomes(reader, () => texts().includes("and afterwards"), "the page is loaded");
    const own = texts().filter((text) => !["", "I am here", "perhaps lost"].includes(text));
    expect(own).toEqual(["kept", "written meanwhile", "dan is back", "and afterwards"]);
    expect([dan.errors, eve.errors]).toEqual(["", ""]);
    reader.stop();
  });

  it("says why a line was refused, and goes on", async () => {
    const chat = start("carol");
    chat.say("x".repeat(4_001));
    chat.say("short enough");
    await chat.printed(": short enough");
    expect(chat.errors).toMatch(/4,?000/);
  });
});
