/** Owns the made-up people, rooms and messages of the preview page. */
import type { FileInfo, MemberView, MessageView, NotificationView, Person, Role, RoomView } from "@palaver/sdk";

export const PEOPLE: readonly Person[] = [
  { id: "u-ada", name: "ada", display_name: "Ada Lovelace" },
  { id: "u-grace", name: "grace", display_name: "Grace Hopper" },
  { id: "u-linus", name: "linus", display_name: "Linus" },
  { id: "u-mina", name: "mina", display_name: "Mina Okafor-Lindqvist" },
  { id: "u-omar", name: "omar", display_name: "عمر حداد" },
  { id: "u-yuki", name: "yuki", display_name: "雪 Yuki" },
  { id: "u-sam", name: "sam-3f2a", display_name: null, guest: true },
  { id: "u-noor", name: "noor", display_name: "Noor" },
  { id: "u-piotr", name: "piotr", display_name: "Piotr Wiśniewski" },
  { id: "u-zoe", name: "zoe", display_name: "Zoë" },
  { id: "u-kai", name: "kai", display_name: "Kai" },
  { id: "u-lena", name: "lena", display_name: "Lena" },
];

export function person(name: string): Person {
  const found = PEOPLE.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no made-up person ${name}`);
  return found;
}

export const ME = person("ada");

let seq = 10_000;

export function message(
  room: string,
  by: string,
  at: string,
  text: string,
  part: Partial<MessageView> = {},
): MessageView {
  seq++;
  return {
    key: `${room}-${seq}`,
    room,
    seq,
    id: `id-${seq}`,
    kind: "message",
    by: person(by),
    at,
    text,
    mentions: [...text.matchAll(/@(\w+)/gu)].flatMap((match) =>
      PEOPLE.filter((one) => one.name === match[1]).map((one) => one.id),
    ),
    replyTo: null,
    thread: null,
    files: [],
    editedAt: null,
    deleted: false,
    pinned: false,
    pinnedBy: null,
    reactions: [],
    mine: by === ME.name,
    mentionsMe: text.includes(`@${ME.name}`),
    status: "sent",
    failure: null,
    change: null,
    ...part,
  };
}

export const PICTURE: FileInfo = {
  id: "f-sky",
  name: "rooftop-sunset.png",
  type: "image/png",
  size: 482_113,
  width: 1600,
  height: 1067,
};
export const TALL: FileInfo = {
  id: "f-tall",
  name: "poster.png",
  type: "image/png",
  size: 90_113,
  width: 900,
  height: 1400,
};
export const REPORT: FileInfo = {
  id: "f-pdf",
  name: "Fan-out benchmark, final (really) v7.pdf",
  type: "application/pdf",
  size: 1_482_113,
};

function reaction(emoji: string, names: readonly string[]) {
  return { emoji, n: names.length, users: names.map((name) => person(name).id), mine: names.includes(ME.name) };
}

function ago(days: number, clock: string): string {
  const date = new Date();
  date.setDate(date.getDate() - days);
  const [hours, minutes] = clock.split(":").map(Number);
  date.setHours(hours ?? 0, minutes ?? 0, 0, 0);
  return date.toISOString();
}

const CODE = `The fix is small. We read the tip *before* the rows, so a lost append is seen as a conflict:

\`\`\`rust
let tip = log.tip(room).await?;
let rows = rooms.member(room, user).await?;
match log.append(room, &tip, &entries, &effects).await {
    Ok(tip) => Ok(Acked { seq: tip.seq }),
    Err(Conflict { slot }) => self.decide_again(slot).await,
    Err(error) => Err(error.into()),
}
\`\`\`

It is in \`service/appender.rs\`, with a test for each of the three ways it can go wrong.`;

export function generalMessages(room: string): MessageView[] {
  const m = (by: string, at: string, text: string, part?: Partial<MessageView>) => message(room, by, at, text, part);
  const list = [
    m("grace", ago(2, "09:12"), "Morning! The nightly run is green on both stores."),
    m("grace", ago(2, "09:13"), "45,000 schedules, no violation."),
    m("linus", ago(2, "09:20"), "🎉", { reactions: [reaction("👏", ["ada", "grace", "mina"])] }),
    m(
      "mina",
      ago(1, "14:02"),
      "I wrote down what a reconnect looks like from the outside, so that support can tell a slow network from a dead node. Three cases matter:\n\n1. The socket is gone and comes back within two seconds. Nobody should notice.\n2. The node drains. The client gets a `goaway`, waits, and lands elsewhere.\n3. The phone slept. It wakes, pings, and asks for what it missed.\n\n> Nothing moves under the reader.\n\nFeedback welcome before Friday.",
    ),
    m(
      "ada",
      ago(1, "14:09"),
      "This is **exactly** what we needed, thank you. One thought on the second case: the delay is spread, so the _last_ client may wait eight seconds. Worth saying.",
    ),
    m("mina", ago(1, "14:11"), "Good point, added.", { replyTo: -1, editedAt: ago(1, "14:12") }),
    m("omar", ago(1, "16:40"), "صباح الخير! راجعت صفحة الدخول من اليمين إلى اليسار، وكل شيء يبدو صحيحًا الآن."),
    m("yuki", ago(1, "16:44"), "日本語の改行も大丈夫そうです。ありがとう！ @omar", {
      reactions: [reaction("🙏", ["omar"]), reaction("❤️", ["ada", "zoe"])],
    }),
    m("piotr", ago(0, "08:55"), CODE, {
      pinned: true,
      reactions: [reaction("🚀", ["ada", "grace", "linus", "mina"]), reaction("👀", ["zoe"])],
    }),
    m("piotr", ago(0, "08:56"), "Numbers are in the report.", { files: [REPORT] }),
    m("kai", ago(0, "09:03"), "Meanwhile, on the roof:", {
      files: [PICTURE],
      reactions: [reaction("😍", ["zoe", "lena", "ada"])],
    }),
    m("linus", ago(0, "09:05"), "", { deleted: true }),
    m(
      "zoe",
      ago(0, "09:10"),
      "@ada could you look at https://example.org/palaver/pulls/1042/files?diff=split&w=1#discussion_r1288123 when you have a moment? No hurry at all.",
      { reactions: [reaction("👍", ["ada"])] },
    ),
    m("ada", ago(0, "09:12"), "On it."),
    m("ada", ago(0, "09:12"), "Looks right to me. ~~One nit~~ no, I read it wrong."),
    m("sam-3f2a", ago(0, "09:20"), "Hi, I am new here. Where do I find the list of rooms?"),
    m("grace", ago(0, "09:21"), "Welcome! The compass on the left, next to **Rooms**."),
    m("lena", ago(0, "09:24"), "Stand-up in five ☕"),
  ];
  return list.map((one) => (one.replyTo === -1 ? { ...one, replyTo: (one.seq ?? 0) - 1 } : one));
}

let oldest = 10_000;

export function older(room: string, before: string, n: number): MessageView[] {
  const end = Date.parse(before);
  oldest -= n;
  const names = ["grace", "linus", "mina", "piotr", "kai"];
  const texts = [
    "ok",
    "That would work for me.",
    "Could we keep the old name for one release, and say so in the notes?",
    "I tried it with 500 rooms: fine.",
    "🙂",
  ];
  return Array.from({ length: n }, (_, i) => {
    return message(
      room,
      names[Math.floor(i / 2) % names.length] ?? "grace",
      new Date(end - (n - i) * 8 * 60_000).toISOString(),
      texts[(i * 7) % texts.length] ?? "ok",
      { seq: oldest + i, key: `old-${oldest + i}` },
    );
  });
}

export function member(name: string, role: Role, part: Partial<MemberView> = {}): MemberView {
  return { user: person(name), state: "joined", role, mutedUntil: null, ...part };
}

export function room(id: string, name: string, part: Partial<RoomView> = {}): RoomView {
  return {
    id,
    slug: id,
    name,
    description: "",
    kind: "public",
    with: null,
    state: "joined",
    role: "member",
    level: "all",
    quietUntil: null,
    hidden: false,
    request: false,
    archived: false,
    mutedUntil: null,
    slowModeSeconds: 0,
    lastAt: null,
    unread: 0,
    unreadMentions: 0,
    readSeq: 0,
    head: 0,
    messages: [],
    lastMessage: null,
    loaded: true,
    hasMore: false,
    hasNewer: false,
    loading: false,
    loadFailure: null,
    typing: [],
    members: [],
    membersLoaded: true,
    pins: [],
    changedElsewhere: 0,
    receipts: new Map(),
    outbox: [],
    ...part,
  };
}

export function notification(
  id: string,
  by: string,
  title: string,
  body: string,
  minutes: number,
  part: Partial<NotificationView> = {},
): NotificationView {
  return {
    id,
    type: "mention",
    title,
    body,
    room: "general",
    seq: 13,
    by: person(by),
    at: new Date(Date.now() - minutes * 60_000).toISOString(),
    read: false,
    ...part,
  };
}

/** Returns the URL of a made-up picture. */
export function drawing(file: FileInfo): string {
  const sky = file === TALL ? "#f7d9c4,#f29e8e" : "#27306b,#c65d7b,#f7b267";
  const [a, b, c = b] = sky.split(",");
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${file.width ?? 4} ${file.height ?? 3}" preserveAspectRatio="none"><linearGradient id="g" x2="0" y2="1"><stop stop-color="${a}"/><stop offset=".7" stop-color="${b}"/><stop offset="1" stop-color="${c}"/></linearGradient><rect width="100%" height="100%" fill="url(#g)"/></svg>`;
  return URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
}
