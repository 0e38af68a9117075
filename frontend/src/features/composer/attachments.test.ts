import { type ChatClientApi, type Draft, EMPTY_DRAFT, type FileInfo, PalaverError } from "@palaver/sdk";
import { beforeEach, expect, test, vi } from "vitest";
import { Attachments, attachmentsOf } from "./attachments.ts";

const ROOM = "r1";
let draft: Draft;
let uploads: {
  readonly name: string;
  readonly end: (info: FileInfo) => void;
  readonly fail: (error: unknown) => void;
}[];
let kept: Map<string, Blob>;
let user: { id: string } | null;
let told: () => void;

const client = {
  getState: () => ({ me: user }),
  subscribe: (listener: () => void) => {
    told = listener;
    return () => undefined;
  },
  getDraft: () => draft,
  setDraft: (_room: string, change: Partial<Draft>) => {
    draft = { ...draft, ...change };
  },
  config: vi.fn(async () => ({ guests: true, registration: true, contact: null, limits: { upload_bytes: 1024 } })),
  keepFile: async (key: string, bytes: Blob) => void kept.set(key, bytes),
  keptFile: async (key: string) => kept.get(key) ?? null,
  upload: (_room: string, file: Blob & { name: string }, { signal }: { signal: AbortSignal }) =>
    new Promise<FileInfo>((end, fail) => {
      signal.addEventListener("abort", () => fail(new DOMException("", "AbortError")));
      uploads.push({ name: file.name, end, fail });
    }),
  deleteFile: vi.fn(async () => undefined),
  typing: () => undefined,
  send: vi.fn(),
};
const api = client as unknown as ChatClientApi;

beforeEach(() => {
  draft = EMPTY_DRAFT;
  uploads = [];
  kept = new Map();
  user = { id: "u1" };
  vi.clearAllMocks();
});

const info = (name: string): FileInfo => ({
  id: name,
  name,
  type: "",
  size: 1,
  width: null,
  height: null,
  thumbnail: false,
});
const file = (name: string, bytes = 10) => new File([new Uint8Array(bytes)], name);
const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

test("a file is part of the draft at once, and its bytes are kept", async () => {
  const files = new Attachments(api, ROOM);
  files.add([file("a.txt")]);
  expect(draft.files).toMatchObject([{ name: "a.txt", size: 10, info: null }]);
  await settle();
  uploads[0]?.end(info("a.txt"));
  await settle();
  expect(draft.files[0]?.info?.id).toBe("a.txt");
  expect(kept.get(draft.files[0]?.key ?? "")?.size).toBe(10);
});

test("after a reload what was uploaded stays, and what was not is uploaded again", async () => {
  const before = new Attachments(api, ROOM);
  before.add([file("done.txt"), file("half.txt")]);
  await settle();
  uploads[0]?.end(info("done.txt"));
  await settle();
  uploads = [];
  const after = new Attachments(api, ROOM);
  await settle();
  expect(uploads.map(({ name }) => name)).toEqual(["half.txt"]);
  expect(after.items().map((one) => one.info?.id)).toEqual(["done.txt", undefined]);
});

test("a file that the server has removed meanwhile is uploaded again", async () => {
  kept.set("k", file("old.txt"));
  const uploadedAt = Date.now() - 30 * 3_600_000;
  const old = { key: "k", name: "old.txt", type: "", size: 1, original: false, info: info("old.txt"), uploadedAt };
  draft = { ...EMPTY_DRAFT, files: [old] };
  const files = new Attachments(api, ROOM);
  await settle();
  expect(files.items()[0]?.info).toBeNull();
  expect(uploads.map(({ name }) => name)).toEqual(["old.txt"]);
});

test("bytes that could not be kept are asked for again", async () => {
  const lost = { key: "k", name: "lost.txt", type: "", size: 1, original: false, info: null, uploadedAt: null };
  draft = { ...EMPTY_DRAFT, files: [lost] };
  const files = new Attachments(api, ROOM);
  await settle();
  expect(files.items()[0]?.error).toEqual({
    text: "This device could not keep the file. Add it again.",
    mayRetry: false,
  });
});

test("the server's limit is checked before a byte is sent; if it is not known, the server answers", async () => {
  const files = new Attachments(api, ROOM);
  files.add([file("fits.bin", 1024), file("larger.bin", 1025)]);
  await settle();
  expect(uploads.map(({ name }) => name)).toEqual(["fits.bin"]);
  expect(files.items()[1]?.error?.text).toBe("larger.bin is larger than 1 KiB.");
  client.config.mockRejectedValueOnce(new PalaverError("network", "no answer"));
  files.add([file("unknown.bin", 4096)]);
  await settle();
  expect(uploads.map(({ name }) => name)).toEqual(["fits.bin", "unknown.bin"]);
});

test("a message waits for its files, and is sent once with all of them", async () => {
  draft = { ...EMPTY_DRAFT, text: " hi \n" };
  const files = new Attachments(api, ROOM);
  files.add([file("a"), file("b")]);
  await settle();
  files.send();
  expect(files.willSend()).toBe(true);
  uploads[1]?.end(info("b"));
  await settle();
  expect(client.send).not.toHaveBeenCalled();
  uploads[0]?.end(info("a"));
  await settle();
  expect(client.send).toHaveBeenCalledExactlyOnceWith(ROOM, {
    text: " hi",
    replyTo: null,
    files: [info("a"), info("b")],
  });
  expect([draft.text, draft.files, files.items(), files.willSend()]).toEqual(["", [], [], false]);
});

test("a file that fails ends the wait, and can be retried", async () => {
  const files = new Attachments(api, ROOM);
  files.add([file("a")]);
  await settle();
  files.send();
  uploads[0]?.fail(new PalaverError("network", "no answer"));
  await settle();
  expect(files.willSend()).toBe(false);
  const [failed] = files.items();
  expect(failed?.error?.mayRetry).toBe(true);
  files.retry(failed?.key ?? "");
  await settle();
  uploads[1]?.end(info("a"));
  await settle();
  expect(files.items()[0]).toMatchObject({ error: null, info: { id: "a" } });
});

test("a sign-out ends the uploads, and the next user has none of the files", async () => {
  const files = attachmentsOf(api, ROOM);
  files.add([file("a")]);
  await settle();
  user = null;
  draft = EMPTY_DRAFT;
  told();
  expect(files.items()).toEqual([]);
  user = { id: "u2" };
  told();
  expect(attachmentsOf(api, ROOM).items()).toEqual([]);
  expect(client.send).not.toHaveBeenCalled();
});
