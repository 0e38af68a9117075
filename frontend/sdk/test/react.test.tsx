// @vitest-environment jsdom
import { act, type ReactNode } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ChatClient } from "../src/index.js";
import { ChatProvider, useChat, useClientState, type Chat } from "../src/react/index.js";
import { FakeHost, settle } from "./support/fake-host.js";
import { ME, entry, live, message, own, rooms, sync, welcome } from "./support/frames.js";

(globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;

let host: FakeHost;
let client: ChatClient;
let root: Root;

beforeEach(async () => {
  host = new FakeHost();
  host.answers.set("POST /api/auth/refresh", () => ({ body: { access_token: "t", expires_in: 900, user: ME } }));
  host.answers.set("GET /api/notifications/me", () => ({ body: { items: [], next: null } }));
  host.answers.set("GET /api/notifications/me/unread-count", () => ({ body: { unread: 0 } }));
  host.answers.set("GET /api/rooms/r1", () => ({ body: { description: "", archived: false, pins: [], slow_mode_s: 0 } }));
  host.answers.set("GET /api/rooms/r1/members", () => ({ body: { items: [], next: null } }));
  host.answers.set("GET /api/rooms/r1/messages", () => ({ body: { epoch: "e1", as_of: 10, items: [message(9)], more: false } }));
  client = new ChatClient({ baseUrl: "http://palaver.test", storage: false, host });
  void client.start();
  await settle();
  host.socket.opens();
  host.socket.says(welcome(), rooms([entry(), entry({ id: "r2", slug: "other" })]));
  const { id } = host.socket.of("resume")[0]!;
  host.socket.says(sync("@me", id, "ok"), sync("r1", id, "reset", { head: 10, n: 8 }), sync("r2", id, "reset", { head: 10, n: 8 }));
  await settle();
  root = createRoot(document.createElement("div"));
});

afterEach(async () => {
  await act(async () => root.unmount());
  client.stop();
});

async function draw(children: ReactNode): Promise<void> {
  await act(async () => {
    root.render(<ChatProvider client={client}>{children}</ChatProvider>);
    await settle();
  });
}

describe("useChat", () => {
  it("opens the room, follows it, and sends", async () => {
    let chat!: Chat;
    function Window() {
      chat = useChat("r1");
      return null;
    }
    await draw(<Window />);
    expect(chat.messages.map((m) => m.seq)).toEqual([9]);
    expect([chat.status, chat.hasMore, chat.unread]).toEqual(["online", false, 0]);
    const { send } = chat;
    await act(async () => {
      host.socket.says(live(message(11)));
      await settle();
    });
    expect(chat.messages.map((m) => m.seq)).toEqual([9, 11]);
    expect([chat.unread, chat.send]).toEqual([3, send]);
    await act(async () => {
      chat.send("hello");
      await settle();
    });
    expect(chat.messages.at(-1)).toMatchObject({ text: "hello", status: "sending" });
    expect(host.socket.of("send")).toMatchObject([{ room: "r1", text: "hello" }]);
  });

  it("re-renders a room only when something in that room changed", async () => {
    let drawn = 0;
    let status = "";
    function Window() {
      useChat("r1");
      drawn += 1;
      return null;
    }
    function Status() {
      status = useClientState((state) => state.connection.status);
      return null;
    }
    await draw(
      <>
        <Window />
        <Status />
      </>,
    );
    const before = drawn;
    await act(async () => {
      host.socket.says(live(message(11, { room: "r2" })));
      await settle();
    });
    expect(drawn).toBe(before);
    await act(async () => {
      host.socket.says(live(message(11)));
      await settle();
    });
    expect(drawn).toBe(before + 1);
    await act(async () => {
      host.socket.closes(1006);
      await settle();
    });
    expect(status).toBe("waiting");
  });

  it("does not re-render the room while a draft is being written", async () => {
    let drawn = 0;
    let chat!: Chat;
    function Rooms() {
      useClientState((state) => state.rooms);
      drawn += 1;
      return null;
    }
    function Window() {
      chat = useChat("r1");
      return null;
    }
    await draw(
      <>
        <Rooms />
        <Window />
      </>,
    );
    const [before, room] = [drawn, chat.room];
    await act(async () => {
      chat.setDraft({ text: "half a sent" });
      await settle();
    });
    expect(chat.draft.text).toBe("half a sent");
    expect(drawn).toBe(before);
    expect(chat.room).toBe(room);
  });

  it("takes a slug as well as an id", async () => {
    const chats: Chat[] = [];
    function Window() {
      chats.push(useChat("general"));
      return null;
    }
    await draw(<Window />);
    const chat = chats.at(-1)!;
    expect([chat.room?.id, chat.error, chat.messages.map((m) => m.seq)]).toEqual(["r1", null, [9]]);
    await act(async () => {
      chat.send("hello");
      chat.setDraft({ text: "more" });
      await settle();
    });
    expect(host.socket.of("send")).toMatchObject([{ room: "r1", text: "hello" }]);
    expect(chats.at(-1)?.draft.text).toBe("more");
    // No request for a room that is known.
    expect(host.asked.map(({ path }) => path)).not.toContain("/api/rooms/general");
  });

  it("reports why there is nothing to show, and shows the room once it is there", async () => {
    host.answers.set("GET /api/rooms/secret", () => ({ status: 404, body: { code: "not_found", detail: "There is no such room." } }));
    host.answers.set("GET /api/rooms/banned", () => ({ status: 403, body: { code: "forbidden", detail: "You are banned from this room." } }));
    host.answers.set("GET /api/rooms/open", () => ({ body: { id: "r3", slug: "open", state: null, head: 4 } }));
    host.answers.set("GET /api/rooms/r3/messages", () => ({ status: 503, body: { code: "unavailable", detail: "Try again in a moment." } }));
    const chats = new Map<string, Chat>();
    function Window({ room }: { room: string }) {
      chats.set(room, useChat(room));
      return null;
    }
    await draw(["secret", "banned", "open"].map((room) => <Window key={room} room={room} />));
    const seen = (room: string) => {
      const { room: view, error, loading, messages, members } = chats.get(room)!;
      return [view?.id ?? null, error?.code ?? null, loading, messages, members];
    };
    expect(seen("secret")).toEqual([null, "not_found", false, [], []]);
    expect(seen("banned")).toEqual([null, "forbidden", false, [], []]);
    expect(chats.get("banned")?.error?.message).toBe("You are banned from this room.");
    expect(seen("open")).toEqual([null, "forbidden", false, [], []]);
    expect(chats.get("open")?.error?.message).toContain("Join");

    await act(async () => {
      chats.get("open")!.join();
      await settle();
    });
    const [join] = host.socket.of("join");
    expect(join).toMatchObject({ room: "open" });
    await act(async () => {
      host.socket.says(
        { t: "ack", id: join!.id, room: "r3", seq: 5, at: "", dup: false, noop: false },
        live(own(6, { kind: "room", op: "set", entry: entry({ id: "r3", slug: "open", head: 5, at_seq: 5 }) })),
      );
      await settle();
    });
    // It is known by now, but its newest page cannot be loaded.
    expect(chats.get("open")?.room?.id).toBe("r3");
    await act(async () => {
      host.socket.says(sync("r3", host.socket.of("resume").at(-1)!.id, "reset", { head: 5, n: 1 }));
      await settle();
    });
    expect(chats.get("open")?.error?.code).toBe("unavailable");
  });

  it("says nothing about a room before the list of rooms is up to date, and asks again after a reconnect", async () => {
    let chat!: Chat;
    function Window() {
      chat = useChat("later");
      return null;
    }
    await act(async () => {
      host.socket.closes(1006);
      await settle();
    });
    await draw(<Window />);
    expect([chat.error, chat.loading]).toEqual([null, true]);
    await act(async () => {
      client.reconnectNow();
      await settle();
      host.socket.opens();
      host.socket.says(welcome(), rooms([entry(), entry({ id: "r2", slug: "other" })]));
      host.socket.says(sync("@me", host.socket.of("resume")[0]!.id, "ok"));
      await settle();
    });
    expect([chat.error?.code, chat.loading]).toEqual(["not_found", false]);
  });

  it("is empty for an unknown room", async () => {
    let chat!: Chat;
    function Window() {
      chat = useChat("nowhere");
      return null;
    }
    await draw(<Window />);
    expect([chat.room, chat.messages, chat.members]).toEqual([null, [], []]);
  });
});
