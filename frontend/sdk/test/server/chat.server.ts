import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ChatClient, MessageView, RoomId, State } from "../../src/index.ts";
import { Server, becomes } from "./server.ts";

let server: Server;
const clients: ChatClient[] = [];

beforeAll(async () => {
  server = await Server.start();
});
afterAll(async () => {
  for (const client of clients) client.stop();
  await server.end();
});

async function guest(name: string): Promise<ChatClient> {
  const client = await server.guest(name);
  clients.push(client);
  return client;
}

const messages = (state: State, room: RoomId): readonly MessageView[] => state.rooms.get(room)?.messages ?? [];
const sent = (state: State, room: RoomId, text: string) => messages(state, room).find((m) => m.text === text && m.status === "sent" && m.seq !== null);
const seqOf = (client: ChatClient, room: RoomId, text: string) => sent(client.getState(), room, text)!.seq!;

async function room(owner: ChatClient, ...others: ChatClient[]): Promise<RoomId> {
  const slug = `room-${Math.random().toString(36).slice(2)}`;
  const id = await owner.createRoom({ name: slug, slug, kind: "public", description: "For tests" });
  await owner.openRoom(id);
  for (const other of others) {
    other.join(slug);
    await becomes(other, (state) => state.rooms.get(id)?.state === "joined", "joined");
    await other.openRoom(id);
  }
  return id;
}

describe("two people", () => {
  it("see each other's messages, edits, reactions, deletions, typing and marks", async () => {
    const [ada, bob] = [await guest("ada"), await guest("bob")];
    const id = await room(ada, bob);
    expect(ada.getState().rooms.get(id)).toMatchObject({ role: "owner", description: "For tests" });

    ada.send(id, "hello bob");
    await becomes(bob, (state) => sent(state, id, "hello bob") !== undefined, "bob sees it");
    await becomes(ada, (state) => sent(state, id, "hello bob") !== undefined && state.outbox.length === 0, "ada's is acked");
    await becomes(bob, (state) => state.rooms.get(id)?.unread === 1, "one unread");
    bob.markRead(id);
    expect(bob.getState().rooms.get(id)?.unread).toBe(0);
    await becomes(ada, (state) => (state.rooms.get(id)?.receipts.get(bob.getState().me!.id) ?? 0) >= seqOf(ada, id, "hello bob"), "ada sees the receipt");

    const target = seqOf(ada, id, "hello bob");
    ada.edit(id, target, "hello **bob**");
    bob.react(id, target, "👍");
    for (const client of [ada, bob]) {
      await becomes(
        client,
        (state) => sent(state, id, "hello **bob**")?.editedAt != null && sent(state, id, "hello **bob**")?.reactions[0]?.n === 1 && state.outbox.length === 0,
        "the edit and the reaction",
      );
    }
    expect(sent(bob.getState(), id, "hello **bob**")?.reactions).toMatchObject([{ emoji: "👍", mine: true }]);
    bob.react(id, target, "👍");
    await becomes(ada, (state) => sent(state, id, "hello **bob**")?.reactions.length === 0, "the reaction is taken back");

    bob.typing(id, true);
    await becomes(ada, (state) => state.rooms.get(id)?.typing[0]?.name === bob.getState().me!.name, "ada sees bob typing");
    bob.send(id, { text: "hello ada", replyTo: target });
    await becomes(ada, (state) => sent(state, id, "hello ada")?.replyTo === target && state.rooms.get(id)?.typing.length === 0, "the reply ends it");

    ada.remove(id, target);
    await becomes(bob, (state) => messages(state, id).some((m) => m.seq === target && m.deleted && m.text === ""), "the deletion");
    ada.edit(id, target, "too late");
    await becomes(ada, (state) => messages(state, id).find((m) => m.seq === target)?.change?.status === "failed", "an edit of it is refused");
  });

  it("get notifications of mentions, live and by page, and direct messages", async () => {
    const [ada, bob] = [await guest("ada"), await guest("bob")];
    const id = await room(ada, bob);
    ada.send(id, `@${bob.getState().me!.name} look`);
    const state = await becomes(bob, (now) => now.notifications.unread === 1, "bob is notified");
    expect(state.notifications.items[0]).toMatchObject({ type: "mention", room: id, read: false });
    await becomes(bob, (now) => now.rooms.get(id)?.unreadMentions === 1, "the mention is counted");
    expect(messages(bob.getState(), id).at(-1)).toMatchObject({ mentionsMe: true });
    await bob.readNotification(state.notifications.items[0]!.id);
    expect(bob.getState().notifications.unread).toBe(0);

    const direct = await ada.directRoom(bob.getState().me!.name);
    ada.send(direct, "psst");
    await becomes(bob, (now) => now.rooms.get(direct)?.with?.id === ada.getState().me!.id, "the direct room arrives");
    await becomes(bob, (now) => now.notifications.items.some((item) => item.type === "direct"), "and notifies");
    await bob.openRoom(direct);
    await becomes(bob, (now) => sent(now, direct, "psst") !== undefined, "and the message is there");
    await bob.readAllNotifications();
    expect(bob.getState().notifications.unread).toBe(0);
    await bob.deleteNotification(bob.getState().notifications.items[0]!.id);
  });

  it("see each other's presence", async () => {
    const [ada, bob] = [await guest("ada"), await guest("bob")];
    await room(ada, bob);
    const her = ada.getState().me!.id;
    bob.watchPresence([her]);
    await becomes(bob, (state) => state.presence.get(her)?.status === "online", "ada is online");
  });

  it("share files", async () => {
    const [ada, bob] = [await guest("ada"), await guest("bob")];
    const id = await room(ada, bob);
    const picture = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");
    const file = await ada.upload(id, new File([picture], "dot.png", { type: "image/png" }));
    expect(file).toMatchObject({ name: "dot.png", type: "image/png", width: 1, height: 1 });
    ada.send(id, { text: "a dot", files: [file] });
    const state = await becomes(bob, (now) => sent(now, id, "a dot") !== undefined, "bob sees the picture");
    const [got] = sent(state, id, "a dot")!.files;
    expect(got).toMatchObject({ id: file.id, name: "dot.png" });
    expect(await (await bob.rest.files.download(file.id)).arrayBuffer()).toEqual(new Uint8Array(picture).buffer);
    expect((await bob.listFiles(id)).map(({ id: listed }) => listed)).toEqual([file.id]);
  });
});

describe("rooms", () => {
  it("are found, joined, left, and come back", async () => {
    const [ada, bob] = [await guest("ada"), await guest("bob")];
    const id = await room(ada, bob);
    const { slug } = ada.getState().rooms.get(id)!;
    expect((await bob.directory(slug!)).rooms).toMatchObject([{ id, slug, joined: true, members: 2 }]);
    bob.leave(id);
    await becomes(bob, (state) => !state.rooms.has(id), "left");
    ada.send(id, "without bob");
    await becomes(ada, (state) => sent(state, id, "without bob") !== undefined, "sent");
    bob.join(slug!, (await bob.directory(slug!)).rooms[0]!.head);
    await becomes(bob, (state) => state.rooms.get(id)?.state === "joined" && state.outbox.length === 0, "back");
    await bob.openRoom(id);
    await becomes(bob, (state) => sent(state, id, "without bob") !== undefined, "the past is there");
  });

  it("are found and entered by slug and by id, and refused with a reason", async () => {
    const [ada, bob] = [await guest("ada"), await guest("bob")];
    const id = await room(ada);
    const slug = ada.getState().rooms.get(id)!.slug!;
    expect(await ada.findRoom(slug)).toBe(id);
    await expect(bob.findRoom(slug)).rejects.toMatchObject({ code: "forbidden" });
    expect(await bob.enterRoom(slug)).toBe(id);
    expect(bob.getState().rooms.get(id)?.state).toBe("joined");
    expect([await bob.enterRoom(slug), await bob.enterRoom(id), await bob.findRoom(slug)]).toEqual([id, id, id]);

    const secret = await ada.createRoom({ name: "Secret", kind: "private" });
    for (const unknown of [secret, "no-such-room"]) {
      await expect(bob.findRoom(unknown)).rejects.toMatchObject({ code: "not_found" });
      await expect(bob.enterRoom(unknown)).rejects.toMatchObject({ code: "not_found" });
    }
    await ada.ban(id, bob.getState().me!.id);
    await becomes(bob, (state) => !state.rooms.has(id), "banned");
    await expect(bob.enterRoom(slug)).rejects.toMatchObject({ code: "forbidden" });
    expect(bob.getState().outbox).toEqual([]);
  });

  it("invite, mute, promote, pin, rename, kick and ban", async () => {
    const [ada, bob] = [await guest("ada"), await guest("bob")];
    const id = await ada.createRoom({ name: "Secret", kind: "private" });
    await ada.openRoom(id);
    const him = bob.getState().me!.id;
    await ada.invite(id, bob.getState().me!.name);
    await becomes(bob, (state) => state.rooms.get(id)?.state === "invited", "invited");
    bob.join(id);
    await becomes(bob, (state) => state.rooms.get(id)?.state === "joined" && state.outbox.length === 0, "accepted");
    await bob.openRoom(id);

    await ada.mute(id, him, 60, "Calm down");
    await becomes(bob, (state) => state.rooms.get(id)?.mutedUntil != null, "bob knows that he is muted");
    bob.send(id, "but");
    const refused = await becomes(bob, (state) => messages(state, id).at(-1)?.status === "failed", "refused");
    expect(messages(refused, id).at(-1)?.failure).toMatchObject({ code: "muted" });
    await ada.unmute(id, him);
    await becomes(bob, (state) => state.rooms.get(id)?.mutedUntil === null, "unmuted");
    bob.retry(messages(bob.getState(), id).at(-1)!.id);
    await becomes(ada, (state) => sent(state, id, "but") !== undefined, "the retry arrives");
    expect(messages(ada.getState(), id).filter((m) => m.text === "but")).toHaveLength(1);

    await ada.setRole(id, him, "moderator");
    await becomes(bob, (state) => state.rooms.get(id)?.role === "moderator", "bob is a moderator");
    await ada.pin(id, seqOf(ada, id, "but"), true);
    await becomes(bob, (state) => state.rooms.get(id)?.pins.length === 1 && messages(state, id).some((m) => m.pinned), "pinned");
    await ada.updateRoom(id, { name: "Open secret", description: "Psst" });
    await becomes(bob, (state) => state.rooms.get(id)?.name === "Open secret" && state.rooms.get(id)?.description === "Psst", "renamed");
    await bob.setLevel(id, "none");
    await becomes(bob, (state) => state.rooms.get(id)?.level === "none", "muted by bob");
    await expect(bob.archiveRoom(id)).rejects.toMatchObject({ code: "forbidden" });

    await ada.kick(id, him);
    await becomes(bob, (state) => !state.rooms.has(id), "kicked");
    await ada.ban(id, him);
    bob.join(id);
    await becomes(bob, (state) => state.outbox.some((item) => item.kind === "join" && item.status === "failed"), "and stays out");
  });

  it("take more than the limit allows in a moment, in order, and page backwards through it", { timeout: 60_000 }, async () => {
    const ada = await guest("ada");
    const id = await room(ada);
    const texts = Array.from({ length: 90 }, (_, i) => `m${i}`);
    for (const text of texts) ada.send(id, text);
    await becomes(ada, (state) => state.outbox.length === 0, "all are acked", 40_000);
    const bob = await guest("bob");
    bob.join(id);
    await becomes(bob, (state) => state.rooms.get(id)?.state === "joined", "joined");
    await bob.openRoom(id);
    await becomes(bob, (state) => state.rooms.get(id)?.loaded === true, "loaded");
    expect(messages(bob.getState(), id)).toHaveLength(50);
    while (bob.getState().rooms.get(id)!.hasMore) await bob.loadOlder(id);
    for (const client of [ada, bob]) expect(messages(client.getState(), id).map((m) => m.text)).toEqual(texts);
    expect(await bob.loadUntil(id, seqOf(bob, id, "m3"))).toBe(true);
    expect(await bob.loadMessage(id, seqOf(bob, id, "m3"))).toMatchObject({ text: "m3" });
    bob.send(id, { text: "in a thread", thread: seqOf(bob, id, "m3") });
    await becomes(ada, (state) => sent(state, id, "in a thread") !== undefined, "the answer");
    expect((await ada.loadThread(id, seqOf(bob, id, "m3"))).map((m) => m.text)).toEqual(["m3", "in a thread"]);
  });
});

describe("accounts", () => {
  it("register, keep a guest's id, sign in elsewhere, list and end sessions", async () => {
    const ada = await guest("ada");
    const before = ada.getState().me!;
    const name = `ada${Math.random().toString(36).slice(2, 8)}`;
    const registered = await ada.register({ name, password: "correct horse" });
    expect(registered).toMatchObject({ id: before.id, name });
    await becomes(ada, (state) => state.me?.name === name && state.connection.status === "online", "goes on");

    const phone = server.client();
    clients.push(phone);
    await phone.start();
    expect(phone.getState().session).toBe("signed_out");
    await expect(phone.login({ name, password: "wrong horse" })).rejects.toMatchObject({ code: "unauthenticated" });
    await phone.login({ name, password: "correct horse" });
    await becomes(phone, (state) => state.connection.status === "online", "signed in");
    await phone.updateMe({ display_name: "Ada L." });
    expect(phone.getState().me).toMatchObject({ display_name: "Ada L." });
    const sessions = await ada.listSessions();
    expect(sessions.length).toBeGreaterThanOrEqual(2);
    const its = (await phone.listSessions()).find((session) => session.current)!;
    await ada.endSession(its.id);
    await becomes(phone, (state) => state.session === "signed_out", "signed out there");
  });
});

describe("when the server is killed", () => {
  it("nothing is lost or duplicated, and every client recovers by itself", { timeout: 60_000 }, async () => {
    const [ada, bob] = [await guest("ada"), await guest("bob")];
    const id = await room(ada, bob);
    ada.send(id, "before");
    await becomes(bob, (state) => sent(state, id, "before") !== undefined, "before");
    await server.kill();
    ada.send(id, "while it was dead");
    ada.send(id, "and another");
    await becomes(ada, (state) => state.connection.status !== "online", "ada notices");
    expect(messages(ada.getState(), id).slice(-2).map((m) => m.status)).toEqual(["sending", "sending"]);
    await server.up();
    ada.reconnectNow();
    for (const client of [ada, bob]) {
      await becomes(client, (state) => sent(state, id, "and another") !== undefined && state.outbox.length === 0, "recovered", 40_000);
      expect(messages(client.getState(), id).map((m) => m.text)).toEqual(["before", "while it was dead", "and another"]);
    }
  });

  it("under repeated kill -9, all clients see the same order and every message once", { timeout: 120_000 }, async () => {
    const people = [await guest("ada"), await guest("bob"), await guest("cleo"), await guest("dan")];
    const id = await room(people[0]!, ...people.slice(1));
    const texts: string[] = [];
    for (let round = 0; round < 6; round++) {
      for (const [i, client] of people.entries()) {
        for (let k = 0; k < 5; k++) {
          const text = `${i}: ${String(texts.length).padStart(3, "0")}`;
          texts.push(text);
          client.send(id, text);
        }
      }
      // Kills the server somewhere between the first and the last send.
      await new Promise((resolve) => setTimeout(resolve, 5 + 7 * round));
      await server.kill();
      await server.up();
      for (const client of people) client.reconnectNow();
    }
    for (const client of people) {
      await becomes(client, (state) => state.outbox.length === 0 && messages(state, id).length === texts.length, "all are there", 60_000);
    }
    const seen = people.map((client) => messages(client.getState(), id).map((m) => m.text));
    for (const other of seen) expect(other).toEqual(seen[0]);
    expect([...seen[0]!].sort()).toEqual([...texts].sort());
    for (const i of people.keys()) {
      const own = seen[0]!.filter((text) => text.startsWith(`${i}:`));
      expect(own, "the order made").toEqual([...own].sort());
    }
  });
});

describe("when a backup is restored", () => {
  it("the old cache is dropped, and unanswered changes are sent again", { timeout: 60_000 }, async () => {
    const ada = await guest("ada");
    const id = await room(ada);
    ada.send(id, "kept");
    await becomes(ada, (state) => sent(state, id, "kept") !== undefined, "sent");
    const folder = server.backup();
    ada.send(id, "lost with the disk");
    await becomes(ada, (state) => sent(state, id, "lost with the disk") !== undefined, "sent");
    await server.kill();
    ada.send(id, "written meanwhile");
    server.restore(folder);
    await server.up();
    ada.reconnectNow();
    await becomes(ada, (state) => state.outbox.length === 0 && state.rooms.get(id)?.loaded === true && sent(state, id, "written meanwhile") !== undefined, "recovered", 40_000);
    expect(messages(ada.getState(), id).map((m) => m.text)).toEqual(["kept", "written meanwhile"]);
  });
});
