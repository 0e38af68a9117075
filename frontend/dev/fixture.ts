/** Owns a client without a server: it keeps the made-up state in memory and changes it as the real client would. */
import {
  type ChatClientApi,
  type Draft,
  EMPTY_DRAFT,
  type FileInfo,
  isEmptyDraft,
  type MessageView,
  type Outgoing,
  type Person,
  type RoomId,
  type RoomView,
  type State,
  type UploadOptions,
} from "@palaver/sdk";
import { Offers, quietFor } from "./config.ts";
import { drawing, generalMessages, ME, member, message, notification, older, PEOPLE, person, room } from "./data.ts";

export type Scene = "busy" | "empty" | "signed-out" | "offline" | "loading" | "refused";
const ACK_MS = 400;
const done = () => Promise.resolve();

export class FixtureClient extends Offers implements ChatClientApi {
  private state: State;
  private readonly listeners = new Set<() => void>();
  private next = 1;

  constructor(scene: Scene) {
    super();
    this.state = stateOf(scene);
  }

  start = async () => "signed_in" as const;
  stop = () => undefined;
  getState = () => this.state;
  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };

  private set(part: Partial<State>): void {
    this.state = { ...this.state, ...part };
    for (const listener of this.listeners) listener();
  }

  private patch(id: RoomId, change: (view: RoomView) => Partial<RoomView>): void {
    const view = this.state.rooms.get(id);
    if (view !== undefined) this.set({ rooms: new Map(this.state.rooms).set(id, { ...view, ...change(view) }) });
  }

  private change(id: RoomId, target: number, change: (view: MessageView) => Partial<MessageView>): void {
    this.patch(id, (view) => ({
      messages: view.messages.map((one) => (one.seq === target ? { ...one, ...change(one) } : one)),
    }));
  }

  // ---- the person
  private signIn = async ({ name }: { name: string }): Promise<Person> => {
    this.state = { ...stateOf("busy"), me: { ...ME, name } };
    this.set({});
    return ME;
  };
  register = this.signIn;
  login = this.signIn;
  guest = this.signIn;
  resetPassword = async () => this.signIn(ME);
  logout = async () => this.set(stateOf("signed-out"));
  deleteMe = this.logout;
  updateMe = async ({ name, display_name }: { name?: string; display_name?: string | null }) => {
    const me = { ...ME, name: name ?? ME.name, display_name: display_name ?? null };
    this.set({ me });
    return me;
  };
  findUsers = async (prefix: string) => PEOPLE.filter((one) => one.name.startsWith(prefix.toLowerCase()));

  // ---- changes
  send = (id: RoomId, what: Outgoing | string) => {
    const { text, replyTo = null, files = [] } = typeof what === "string" ? { text: what } : what;
    const key = `mine-${this.next++}`;
    const made: MessageView = { ...message(id, ME.name, new Date().toISOString(), text), key, id: key, replyTo, files };
    const online = this.state.connection.status === "online";
    this.patch(id, (view) => ({ messages: [...view.messages, { ...made, seq: null, status: "sending" }] }));
    if (online) {
      setTimeout(() => {
        this.patch(id, (view) => ({ messages: view.messages.map((one) => (one.key === key ? made : one)) }));
      }, ACK_MS);
    }
    return key;
  };
  edit = (id: RoomId, target: number, text: string) => {
    this.change(id, target, () => ({ text, editedAt: new Date().toISOString() }));
    return "edit";
  };
  remove = (id: RoomId, target: number) => {
    this.change(id, target, () => ({ text: "", deleted: true, files: [], reactions: [] }));
    return "remove";
  };
  react = (id: RoomId, target: number, emoji: string) => {
    this.change(id, target, ({ reactions }) => {
      const known = reactions.find((one) => one.emoji === emoji);
      if (known === undefined) return { reactions: [...reactions, { emoji, n: 1, users: [ME.id], mine: true }] };
      const n = known.n + (known.mine ? -1 : 1);
      const users = known.mine ? known.users.filter((user) => user !== ME.id) : [...known.users, ME.id];
      const changed = { emoji, n, users, mine: !known.mine };
      return { reactions: reactions.flatMap((one) => (one !== known ? [one] : n > 0 ? [changed] : [])) };
    });
    return "react";
  };
  join = (id: RoomId) => {
    this.patch(id, () => ({ state: "joined" }));
    return "join";
  };
  leave = (id: RoomId) => {
    const rooms = new Map(this.state.rooms);
    rooms.delete(id);
    this.set({ rooms });
    return "leave";
  };
  retry = () => null;
  discard = (id: string) => {
    for (const view of this.state.rooms.values()) {
      this.patch(view.id, ({ messages }) => ({ messages: messages.filter((one) => one.id !== id) }));
    }
  };

  // ---- reading
  openRoom = done;
  loadOlder = async (id: RoomId) => {
    this.patch(id, () => ({ loading: true }));
    await new Promise((resolve) => setTimeout(resolve, ACK_MS));
    this.patch(id, (view) => {
      const page = older(id, view.messages[0]?.at ?? new Date().toISOString(), 50);
      return { loading: false, messages: [...page, ...view.messages], hasMore: view.messages.length < 400 };
    });
  };
  loadUntil = async () => false;
  loadAround = async () => "missing" as const;
  loadNewer = done;
  loadNewest = done;
  messageAfter = async () => null;
  holdMessages = () => undefined;
  loadMessage = async () => null;
  loadThread = async () => [];
  loadMembers = done;
  markRead = (id: RoomId) => this.patch(id, () => ({ unread: 0, unreadMentions: 0 }));
  typing = () => undefined;
  watchPresence = () => undefined;

  // ---- rooms
  directory = async (query = "") => ({
    rooms: [
      {
        id: "general",
        slug: "general",
        name: "General",
        description: "Everything that concerns everybody",
        members: 128,
        head: 1,
        joined: true,
      },
      { id: "music", slug: "music", name: "Music", description: "Share a song", members: 41, head: 1, joined: false },
      {
        id: "gardening",
        slug: "gardening",
        name: "Gardening",
        description: "Balconies, window sills, and one brave allotment that nobody has time for",
        members: 9,
        head: 1,
        joined: false,
      },
      { id: "typography", slug: "typography", name: "Typography", description: "", members: 1, head: 1, joined: false },
    ]
      .filter((one) => one.name.toLowerCase().includes(query.toLowerCase()))
      .map((one) => ({ ...one, offered: one.slug === "general" })),
    next: null,
  });
  createRoom = async () => "general";
  directRoom = async () => "d-grace";
  updateRoom = done;
  archiveRoom = done;
  invite = done;
  kick = done;
  ban = done;
  unban = done;
  mute = done;
  unmute = done;
  setRole = done;
  pin = done;
  setLevel = async (id: RoomId, level: RoomView["level"]) => this.patch(id, () => ({ level, quietUntil: null }));
  quietRoom = async (id: RoomId, seconds: number) => this.patch(id, () => quietFor(seconds));
  hideRoom = done;
  acceptRequest = done;
  ignoreRequest = done;
  block = done;

  // ---- files
  upload = async (
    _room: RoomId,
    file: Blob & { readonly name?: string },
    options?: UploadOptions,
  ): Promise<FileInfo> => {
    for (let part = 1; part <= 10; part++) {
      await new Promise((resolve) => setTimeout(resolve, 150));
      options?.onProgress?.(part, 10);
    }
    return {
      id: `f-${this.next++}`,
      name: file.name ?? "file",
      type: file.type,
      size: file.size,
      ...(file.type.startsWith("image/") ? { width: 640, height: 400 } : {}),
    };
  };
  listFiles = async () => [];
  deleteFile = done;
  isAnimated = async () => false;
  fileUrl = async (file: FileInfo) => drawing(file);

  // ---- drafts, notifications, connection
  getDraft = (id: RoomId): Draft => this.state.drafts.get(id) ?? EMPTY_DRAFT;
  setDraft = (id: RoomId, draft: Partial<Draft>) =>
    this.set({ drafts: new Map(this.state.drafts).set(id, { ...this.getDraft(id), ...draft }) });
  holdDraft = () => () => undefined;
  keepFile = done;
  keptFile = async () => null;
  unsaved = () => ({
    unsent: this.state.outbox.length,
    drafts: [...this.state.drafts.values()].filter((draft) => !isEmptyDraft(draft)).length,
  });
  loadNotifications = done;
  readNotification = async (id: string) => {
    const items = this.state.notifications.items.map((one) => (one.id === id ? { ...one, read: true } : one));
    this.set({
      notifications: { ...this.state.notifications, items, unread: items.filter((one) => !one.read).length },
    });
  };
  readAllNotifications = async () => {
    const items = this.state.notifications.items.map((one) => ({ ...one, read: true }));
    this.set({ notifications: { ...this.state.notifications, items, unread: 0 } });
  };
  deleteNotification = async (id: string) => {
    const items = this.state.notifications.items.filter((one) => one.id !== id);
    this.set({ notifications: { ...this.state.notifications, items } });
  };
  reconnectNow = () =>
    this.set({ connection: { ...this.state.connection, status: "online", downSince: null, retryAt: null } });
}

function stateOf(scene: Scene): State {
  const signedOut = scene === "signed-out";
  const busy = scene !== "empty" && scene !== "loading" && !signedOut;
  const down = scene === "offline" || scene === "refused";
  const now = Date.now();
  return {
    session: signedOut ? "signed_out" : "signed_in",
    ended: null,
    closed: new Map(),
    durable: true,
    me: signedOut ? null : ME,
    connection: {
      status: scene === "offline" ? "waiting" : scene === "refused" ? "refused" : "online",
      downSince: down ? now - 9_000 : null,
      retryAt: scene === "offline" ? now + 30_000 : null,
      attempt: down ? 4 : 1,
      closeCode: scene === "refused" ? 4504 : null,
      node: "n3",
      online: 128,
      latencyMs: 18.4,
      trouble: null,
    },
    ready: scene !== "loading",
    blocked: new Set(),
    rooms: busy ? busyRooms(scene) : new Map(),
    drafts: new Map(busy ? [["books", { ...EMPTY_DRAFT, text: "half a thought" }]] : []),
    presence: new Map(
      PEOPLE.map((one, i) => [
        one.id,
        {
          user: one.id,
          status: i % 4 === 3 ? "offline" : i % 5 === 2 ? "away" : "online",
          lastSeen: new Date(now - i * 3_600_000).toISOString(),
        },
      ]),
    ),
    notifications: busy
      ? {
          items: [
            notification(
              "1",
              "zoe",
              "Zoë mentioned you in General",
              "@ada could you look at the pull request when you have a moment? No hurry at all.",
              4,
            ),
            notification("2", "grace", "Grace Hopper replied to you in General", "Good point, added.", 90, {
              type: "reply",
            }),
            notification("3", "mina", "Direct message from Mina", "Do you have the slides from Tuesday?", 60 * 26, {
              read: true,
              type: "direct",
              room: "d-mina",
            }),
          ],
          unread: 2,
          loaded: true,
          hasMore: false,
        }
      : { items: [], unread: 0, loaded: true, hasMore: false },
    settings: {},
    outbox:
      scene === "offline"
        ? [
            {
              id: "out-1",
              room: "general",
              kind: "send",
              text: "x",
              at: new Date(now).toISOString(),
              status: "sending",
              failure: null,
            },
          ]
        : [],
  };
}

function busyRooms(scene: Scene): ReadonlyMap<RoomId, RoomView> {
  const members = [
    member("ada", "owner"),
    member("grace", "admin"),
    member("linus", "moderator"),
    ...["mina", "omar", "yuki", "sam-3f2a", "piotr", "zoe", "kai", "lena"].map((name) => member(name, "member")),
    member("noor", "read_only"),
  ];
  const messages = [...generalMessages("general")];
  if (scene === "offline") {
    messages.push(
      {
        ...message("general", "ada", new Date().toISOString(), "I am on the train, this goes out later."),
        seq: null,
        status: "sending",
      },
      {
        ...message("general", "ada", new Date().toISOString(), "And this one was refused."),
        seq: null,
        status: "failed",
        failure: { code: "slow_mode", message: "This room is in slow mode: wait 30 seconds between messages." },
      },
    );
  }
  const direct = (name: string, part: Partial<RoomView> = {}) =>
    room(`d-${name}`, person(name).display_name ?? name, {
      slug: null,
      kind: "direct",
      with: person(name),
      members: [member("ada", "member"), member(name, "member")],
      messages: [
        message(
          `d-${name}`,
          name,
          new Date(Date.now() - 3_600_000).toISOString(),
          "Do you have the slides from Tuesday?",
        ),
      ],
      ...part,
    });
  const list = [
    room("general", "General", {
      description:
        "Everything that concerns everybody. Be kind, quote what you answer, and keep the long stories for the evening.",
      role: "owner",
      members,
      messages,
      hasMore: true,
      readSeq: messages.at(-4)?.seq ?? 0,
      unread: 3,
      head: messages.length,
      typing: [person("grace"), person("kai")],
    }),
    room("incidents", "Incidents", { unread: 4, unreadMentions: 1 }),
    room("design", "Design", { kind: "private", unread: 12 }),
    room("release", "Release train with a name that is longer than the list is wide", {}),
    room("random", "Random", { level: "none", unread: 240 }),
    room("books", "Books"),
    room("archive", "Old plans", {
      archived: true,
      members,
      messages: [message("archive", "grace", "2025-03-01T10:00:00Z", "That was it. Thank you all.")],
    }),
    room("muted", "Muted", { mutedUntil: new Date(Date.now() + 600_000).toISOString(), members }),
    room("board", "Board", { kind: "private", state: "invited" }),
    direct("grace"),
    direct("mina", { unread: 2 }),
    direct("omar"),
  ];
  return new Map(list.map((one) => [one.id, one]));
}
