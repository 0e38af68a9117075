import { io, type Socket } from "socket.io-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Server, becomes } from "./support/server.ts";

const ROOM = "general";

interface Message {
  id: string;
  roomId: string;
  userId: string;
  content: string;
  timestamp: string;
}

interface Answer {
  ok: boolean;
  id?: string;
  code?: string;
}

/** A client as any page or script has one, which notes what it hears. */
class Client {
  readonly heard: Message[] = [];
  readonly socket: Socket;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("message", (message: Message) => this.heard.push(message));
    // The client never says by itself that it was in a room.
    socket.on("connect", () => socket.emit("join_room", { roomId: ROOM }));
  }

  static async of(server: Server, name: string, transports: string[]): Promise<Client> {
    const token = await tokenOf(server, name);
    const options = { auth: { token }, transports, forceNew: true, reconnectionDelay: 100, reconnectionDelayMax: 200 };
    const client = new Client(io(server.url, options));
    await client.ask("join_room", { roomId: ROOM });
    return client;
  }

  ask(event: string, body: object): Promise<Answer> {
    return this.socket.timeout(15_000).emitWithAck(event, body) as Promise<Answer>;
  }

  async hears(content: string): Promise<Message> {
    const end = Date.now() + 15_000;
    for (;;) {
      const message = this.heard.find((one) => one.content === content);
      if (message !== undefined) return message;
      if (Date.now() > end) throw new Error(`not heard: ${content}; ${JSON.stringify(this.heard)}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
}

async function tokenOf(server: Server, name: string): Promise<string> {
  const answer = await fetch(`${server.url}/api/auth/guest`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ name }),
  });
  return ((await answer.json()) as { access_token: string }).access_token;
}

describe("socket.io-client", () => {
  let server: Server;
  const clients: Client[] = [];
  const client = async (name: string, ...transports: string[]) => {
    const made = await Client.of(server, name, transports);
    clients.push(made);
    return made;
  };
  beforeAll(async () => {
    server = await Server.start({ PALAVER_SOCKETIO: "true" });
  });
  afterAll(async () => {
    for (const { socket } of clients) socket.disconnect();
    await server?.end();
  });

  it("chats over each transport, with people on the native protocol", async () => {
    const ada = await client("ada", "websocket");
    const bob = await client("bob", "polling");
    const eve = await client("eve", "polling", "websocket");
    const native = await server.guest("nat");
    const room = await native.enterRoom(ROOM);
    await native.openRoom(room);

    for (const [from, content] of [[ada, "from ada"], [bob, "from bob"], [eve, "from eve"]] as const) {
      const sent = await from.ask("send_message", { roomId: ROOM, content, type: "text" });
      expect(sent.ok).toBe(true);
      for (const to of [ada, bob, eve]) {
        const message = await to.hears(content);
        expect(message).toEqual({ id: sent.id, roomId: ROOM, userId: message.userId, content, timestamp: message.timestamp });
      }
      await becomes(native, (state) => state.rooms.get(room)?.messages.some(({ text }) => text === content) === true, content);
    }
    native.send(room, "from nat");
    for (const to of [ada, bob, eve]) await to.hears("from nat");
    native.stop();
    expect(eve.socket.io.engine.transport.name).toBe("websocket");
  });

  it("learns why it is refused", async () => {
    const socket = io(server.url, { auth: { token: "junk" }, forceNew: true, reconnection: false });
    const refused = await new Promise<Error & { data?: { code: string } }>((resolve) => socket.on("connect_error", resolve));
    expect(refused.data?.code).toBe("UNAUTHENTICATED");
    socket.disconnect();
    const ada = await client("ada", "websocket");
    expect(await ada.ask("join_room", { roomId: "no such room" })).toMatchObject({ ok: false, code: "NOT_FOUND" });
  });

  it("gets what was sent while the server was gone, once", async () => {
    const ada = await client("ada", "websocket");
    const bob = await client("bob", "polling", "websocket");
    await ada.ask("send_message", { roomId: ROOM, content: "before" });
    await bob.hears("before");
    bob.socket.io.engine.close();
    const sent = await ada.ask("send_message", { roomId: ROOM, content: "while bob is away" });
    expect((await bob.hears("while bob is away")).id).toBe(sent.id);

    await server.kill();
    await server.up();
    await expect.poll(() => ada.socket.connected && bob.socket.connected, { timeout: 15_000 }).toBe(true);
    await ada.ask("send_message", { roomId: ROOM, content: "after" });
    await bob.hears("after");
    for (const { heard } of [ada, bob]) {
      const contents = heard.map(({ content }) => content);
      expect(new Set(heard.map(({ id }) => id)).size, JSON.stringify(contents)).toBe(heard.length);
    }
  });
});
