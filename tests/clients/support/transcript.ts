/** Owns the session that the protocol's page shows: plays it on a real server, and writes down what both sides say. */
import WebSocket from "ws";
import type { Server } from "./server.ts";

/** A frame: any JSON object, because the page is about what is on the wire, not about types. */
export type Frame = Record<string, unknown> & { t: string };

/** A line of the transcript: a remark, or a frame of the client or the server. */
export type Line = { readonly by: "C" | "S"; readonly frame: Frame } | { readonly by: "#"; readonly text: string };

/** Plays the session. The order of the lines is that of the page, also where the server may answer in another one. */
export async function record(server: Server): Promise<Line[]> {
  const lines: Line[] = [];
  const note = (text: string) => lines.push({ by: "#", text });
  const ada = await signIn(server, "ada");
  const bob = await signIn(server, "bob");
  const { id: general, head } = await bob.request("GET", "/api/rooms/general");
  await bob.request("POST", `/api/rooms/${general}/join`, {});

  note("ada signs in. She has no rooms yet.");
  let socket = await Recorder.open(server, lines);
  socket.says({ t: "hello", v: 1, token: ada.token, caps: [], batch: true });
  const { epoch } = await socket.hears("welcome");
  const { me } = await socket.hears("rooms");
  socket.says({ t: "resume", id: "r1", cursors: { "@me": me } });
  await socket.hears("sync");

  note("She joins #general. The head comes from `GET /api/rooms/general`. Her own log announces the room, and she follows it.");
  socket.says({ t: "join", id: id(1), room: "general", seen: head as number });
  const { seq: joined } = await socket.hears("ack");
  await socket.hears("event", "@me");
  socket.says({ t: "resume", id: "r2", cursors: { [general as string]: joined } });
  await socket.hears("sync");

  note("She sends a message, and gets the ack and the event, in either order.");
  const hello: Frame = { t: "send", id: id(2), room: general, text: "Hello!", seen: joined };
  socket.says(hello);
  const { seq: said } = await socket.hears("ack");
  await socket.hears("event", general);
  socket.says({ t: "typing", room: general, on: true });

  note("bob answers, and she marks it as read.");
  await bob.request("POST", `/api/rooms/${general}/messages`, { text: "Hi ada", reply_to: said });
  const { seq: answered } = await socket.hears("event", general);
  socket.says({ t: "read", room: general, seq: answered });
  note("The reply is also a notification, in her own log.");
  await socket.hears("event", "@me");

  note("She reacts, and edits her message. One change waits for the answer to the other.");
  socket.says({ t: "react", id: id(3), room: general, target: answered, emoji: "👋", on: true, seen: answered });
  await socket.hears("ack");
  const { seq: reacted } = await socket.hears("event", general);
  socket.says({ t: "edit", id: id(4), room: general, target: said, text: "Hello, everybody!", seen: reacted });
  await socket.hears("ack");
  const { seq: edited } = await socket.hears("event", general);

  note("A change is refused: there is no such message.");
  socket.says({ t: "delete", id: id(5), room: general, target: 1_000, seen: edited });
  await socket.hears("error");

  note("Her token is about to expire, so she sends a new one; then she checks whether the socket still works.");
  socket.says({ t: "auth", id: "a1", token: await ada.renewed() });
  await socket.hears("ack");
  socket.says({ t: "ping", id: "p1" });
  await socket.hears("pong");

  note("The connection breaks. Meanwhile bob writes. She connects again, and resumes from her cursors.");
  socket.breaks();
  await bob.request("POST", `/api/rooms/${general}/messages`, { text: "Still there?" });
  socket = await Recorder.open(server, lines);
  socket.says({ t: "hello", v: 1, token: ada.token, epoch, caps: [], batch: true });
  await socket.hears("welcome");
  const again = await socket.hears("rooms");
  socket.says({ t: "resume", id: "r3", cursors: { "@me": again.me, [general as string]: edited } });
  for (const log of ["@me", general]) await socket.hears("sync", log);

  note("She does not know whether her first message was stored before an earlier connection broke: she repeats it unchanged.");
  socket.says(hello);
  await socket.hears("ack");
  socket.breaks();
  return lines;
}

/** Returns the text of the lines, one frame a line, as it stands on the page. */
export function text(lines: readonly Line[]): string {
  return lines.map((line) => (line.by === "#" ? `\n# ${line.text}` : `${line.by} ${JSON.stringify(shortened(line.frame))}`)).join("\n").trim();
}

/** Returns the frames of the page's text. */
export function parse(page: string): Line[] {
  const lines = page.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return lines.map((line) => ({ by: line.slice(0, 1) as "C" | "S", frame: JSON.parse(line.slice(2)) as Frame }));
}

function shortened(frame: Frame): Frame {
  return typeof frame.token === "string" ? { ...frame, token: `${frame.token.slice(0, 8)}…` } : frame;
}

/** Returns the outbox's next id: ascending, with the same last 62 bits. */
function id(n: number): string {
  const time = (1_764_000_000_000 + n).toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-9c5a-6f1d2e3b4a59`;
}

interface User {
  token: string;
  renewed(): Promise<string>;
  request(method: string, path: string, body?: object): Promise<Record<string, unknown>>;
}

async function signIn(server: Server, name: string): Promise<User> {
  const call = async (method: string, path: string, body?: object, token?: string) => {
    const headers = { "Content-Type": "application/json", ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }) };
    const answer = await fetch(server.url + path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as Record<string, string>;
  };
  const tokens = await call("POST", "/api/auth/guest", { name });
  const user: User = {
    token: tokens.access_token as string,
    async renewed() {
      user.token = (await call("POST", "/api/auth/refresh", { refresh_token: tokens.refresh_token })).access_token as string;
      return user.token;
    },
    request: (method, path, body) => call(method, path, body, user.token),
  };
  return user;
}

/** A socket whose frames are written down: the client's as they are sent, the server's as they are awaited. */
class Recorder {
  private readonly arrived: Frame[] = [];
  private readonly waiting = new Set<() => void>();
  private readonly socket: WebSocket;
  private readonly lines: Line[];

  private constructor(socket: WebSocket, lines: Line[]) {
    this.socket = socket;
    this.lines = lines;
    socket.on("message", (data) => {
      const parsed: unknown = JSON.parse(String(data));
      this.arrived.push(...((Array.isArray(parsed) ? parsed : [parsed]) as Frame[]));
      for (const look of [...this.waiting]) look();
    });
  }

  static async open(server: Server, lines: Line[]): Promise<Recorder> {
    const socket = new WebSocket(`${server.url.replace("http", "ws")}/v1/ws`);
    const recorder = new Recorder(socket, lines);
    await new Promise<void>((resolve, reject) => socket.once("open", () => resolve()).once("error", reject));
    return recorder;
  }

  says(frame: Frame): void {
    this.lines.push({ by: "C", frame });
    this.socket.send(JSON.stringify(frame));
  }

  /** Waits for the next frame of this type, and of this log if one is given. Others that arrived before stay for later. */
  hears(t: string, room?: unknown): Promise<Frame> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no ${t} in 10 s, but ${JSON.stringify(this.arrived)}`)), 10_000);
      const look = () => {
        const at = this.arrived.findIndex((frame) => frame.t === t && (room === undefined || frame.room === room));
        if (at < 0) return;
        clearTimeout(timer);
        this.waiting.delete(look);
        const [frame] = this.arrived.splice(at, 1) as [Frame];
        this.lines.push({ by: "S", frame });
        resolve(frame);
      };
      this.waiting.add(look);
      look();
    });
  }

  breaks(): void {
    this.socket.terminate();
  }
}
