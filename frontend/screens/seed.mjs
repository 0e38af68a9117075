/**
 * Owns the lively data set of the screenshots: 12 people, 9 rooms, texts short and long, code, pictures, RTL, emoji.
 */
import { Api } from "./api.mjs";
import { sunset } from "./picture.mjs";

/**
 * Handle and display name. The first person takes the pictures. @type {readonly (readonly [string, string | null])[]}
 */
const PEOPLE = [
  ["ada", "Ada Lovelace"],
  ["grace", "Grace Hopper"],
  ["linus", "Linus"],
  ["mina", "Mina Okafor-Lindqvist"],
  ["omar", "عمر حداد"],
  ["yuki", "雪 Yuki"],
  ["noor", "Noor"],
  ["piotr", "Piotr Wiśniewski"],
  ["zoe", "Zoë"],
  ["kai", "Kai"],
  ["lena", "Lena"],
  ["sam", null],
];

const ROOMS = [
  {
    id: "general",
    name: "General",
    description: "Everything that concerns everybody. Be kind, and quote what you answer.",
  },
  { id: "incidents", name: "Incidents", description: "What is broken, and who is on it" },
  { id: "books", name: "Books", description: "Read together, one chapter a week" },
  { id: "random", name: "Random", description: "Cats, mostly" },
  { id: "release", name: "Release train", description: "Every second Tuesday, rain or shine" },
  { id: "music", name: "Music", description: "What are you listening to?" },
  { id: "gardening", name: "Gardening", description: "Balconies, window sills, and one brave allotment" },
];
/** The room that a new server has. */
const OFFERED = "general";
/** Rooms that the person taking the pictures has not joined, so that the directory has something to offer. */
const NOT_JOINED = new Set(["music", "gardening"]);

const LISTENERS = new Set(["zoe", "lena", "kai", "noor"]);

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

const LONG = `I wrote down what a reconnect looks like from the outside, so that support can tell a slow network from a dead node. Three cases matter:

1. The socket is gone and comes back within two seconds. Nobody should notice.
2. The node drains. The client gets a \`goaway\`, waits, and lands elsewhere.
3. The phone slept. It wakes, pings, and asks for what it missed.

> Nothing moves under the reader.

Feedback welcome before Friday.`;

/** @param {string} base */
export async function seed(base) {
  /** @type {Record<string, Api>} */
  const people = {};
  // One after the other: the first account of a server becomes its admin.
  for (const [name, display] of PEOPLE) people[name] = await Api.register(base, name, display);
  const who = (/** @type {string} */ name) => /** @type {Api} */ (people[name]);
  const ada = who("ada");
  const others = Object.values(people).filter((one) => one !== ada);

  for (const room of ROOMS) {
    const owner = NOT_JOINED.has(room.id) ? who("mina") : ada;
    if (room.id !== OFFERED) await owner.post("/api/rooms", { ...room, kind: "public" });
    else await offered(owner, room);
    for (const one of others) {
      if (one !== owner && (!NOT_JOINED.has(room.id) || LISTENERS.has(one.user.name))) {
        await one.post(`/api/rooms/${room.id}/join`);
      }
    }
  }
  const design = await who("mina").post("/api/rooms", {
    name: "Design",
    kind: "private",
    description: "Work in progress",
  });
  const board = await who("grace").post("/api/rooms", {
    name: "Board",
    kind: "private",
    description: "",
    hides_past: true,
  });
  for (const name of ["ada", "zoe", "kai"]) {
    await who("mina").post(`/api/rooms/${design.id}/invite`, { user: name });
    await who(name).post(`/api/rooms/${design.id}/join`);
  }
  await who("grace").post(`/api/rooms/${board.id}/invite`, { user: "ada" });
  await talkInGeneral(who);
  await talkElsewhere(who, design.id);
  return { ada, who };
}

/** Joins the room that the server has made, and describes it. @param {Api} admin @param {(typeof ROOMS)[number]} room */
async function offered(admin, { id, name, description }) {
  await admin.post(`/api/rooms/${id}/join`);
  await admin.send("PATCH", `/api/rooms/${id}`, { name, description });
}

/** @param {(name: string) => Api} who */
async function talkInGeneral(who) {
  const say = (/** @type {string} */ name, /** @type {string} */ text, more = {}) =>
    who(name).say("general", text, more);
  await say("grace", "Morning! The nightly run is green on both stores.");
  await say("grace", "45,000 schedules, no violation.");
  const party = await say("linus", "🎉");
  for (const name of ["ada", "mina", "grace"]) await who(name).react("general", party, "👏");
  const long = await say("mina", LONG);
  await say(
    "ada",
    "This is **exactly** what we needed, thank you. The delay is spread, so the _last_ client may wait eight seconds. Worth saying.",
    { reply_to: long },
  );
  await say("omar", "صباح الخير! راجعت صفحة الدخول من اليمين إلى اليسار، وكل شيء يبدو صحيحًا الآن.");
  const thanks = await say("yuki", "日本語の改行も大丈夫そうです。ありがとう！ @omar");
  await who("omar").react("general", thanks, "🙏");
  await who("zoe").react("general", thanks, "❤️");
  const code = await say("piotr", CODE);
  for (const name of ["ada", "grace", "linus"]) await who(name).react("general", code, "🚀");
  const report = await who("piotr").upload(
    "general",
    "Fan-out benchmark, final v7.csv",
    Buffer.from("senders,messages_per_fsync\n50,26\n500,303\n"),
    "text/csv",
  );
  await say("piotr", "Numbers are in the report.", { files: [report] });
  const picture = await who("kai").upload("general", "rooftop-sunset.png", sunset(1200, 800), "image/png");
  const roof = await say("kai", "Meanwhile, on the roof:", { files: [picture] });
  for (const name of ["zoe", "lena", "ada"]) await who(name).react("general", roof, "😍");
  const typo = await say("linus", "I think we shuold rename it");
  await who("linus").send("DELETE", `/api/rooms/general/messages/${typo}`, {});
  await say(
    "zoe",
    "@ada could you look at https://example.org/palaver/pulls/1042/files?diff=split&w=1#discussion_r1288123 when you have a moment? No hurry at all.",
  );
  await say("ada", "On it.");
  await say("ada", "Looks right to me. ~~One nit~~ no, I read it wrong.");
  await say("sam", "Hi, I am new here. Where do I find the list of rooms?");
  const help = await say("grace", "Welcome! The compas on the left, next to **Rooms**.");
  await who("grace").send("PATCH", `/api/rooms/general/messages/${help}`, {
    text: "Welcome! The compass on the left, next to **Rooms**.",
  });
}

/** @param {(name: string) => Api} who @param {string} design */
async function talkElsewhere(who, design) {
  await who("linus").say("incidents", "Latency on node 3 doubled at 09:40. Looking.");
  await who("linus").say("incidents", "A noisy neighbour; moved. @ada please keep an eye on the graph.");
  await who("grace").say("incidents", "Back to normal.");
  for (const text of [
    "New empty states are up.",
    "The room list breathes now.",
    "Dark is from the same ramp, finally.",
  ]) {
    await who("zoe").say(design, text);
  }
  await who("lena").say("books", "Chapter four by Thursday?");
  await who("noor").say("books", "I am still in chapter two 😅");
  for (const name of ["grace", "mina", "omar"]) {
    const direct = await who(name).post("/api/rooms/direct", { user: "ada" });
    await who(name).say(direct.id, name === "mina" ? "Do you have the slides from Tuesday?" : "Thanks for yesterday!");
  }
}

/**
 * Posts something new in General, so that the next picture shows unread messages. @param {(name: string) => Api} who
 * @param {number} n
 */
export async function news(who, n) {
  const lines = [
    ["lena", "Stand-up in five."],
    ["kai", "Coffee is ready ☕"],
    ["noor", "Reading along from the train."],
    ["mina", "I added the second case to the page."],
    ["piotr", "The bench is running again, please do not touch node 3."],
    ["zoe", "👀"],
  ];
  const [name, text] = lines[n % lines.length] ?? ["lena", "Stand-up in five."];
  await who(/** @type {string} */ (name)).say("general", /** @type {string} */ (text));
}

/** Makes some people present and one of them type. @param {(name: string) => Api} who */
export async function alive(who) {
  for (const name of ["grace", "linus", "zoe", "kai", "mina", "yuki"])
    await who(name).post("/api/presence/me/heartbeat");
  await who("grace").post("/api/presence/me/typing?room_id=general");
}
