/** How a file is uploaded: through the server, or directly to the file store. */
import { describe, expect, it } from "vitest";
import type { Session } from "../src/auth/session.ts";
import { filesApi } from "../src/rest/files.ts";
import { Http } from "../src/rest/http.ts";
import { FakeHost, type Answer, type FakeRequest } from "./support/fake-host.ts";

const MIB = 1024 * 1024;
const BUCKET = "https://bucket.example.org";
const FILE = { id: "f1", name: "film.mp4", content_type: "video/mp4", size: 3 * MIB, thumbnail: false };
const UPLOAD = {
  id: "f1",
  method: "PUT",
  url: `${BUCKET}/f1?X-Amz-Signature=secret`,
  headers: { "content-type": "application/octet-stream", "if-none-match": "*" },
  expires_at: "2026-11-21T08:05:00.000Z",
};
const TOO_LARGE = { code: "too_large", detail: "The file has more than 4718592 bytes. Ask POST /api/files/presign where to put a file." };

function files(answers: Record<string, Answer | ((asked: FakeRequest) => Answer | Promise<Answer>)>) {
  const host = new FakeHost();
  for (const [name, answer] of Object.entries(answers)) host.answers.set(name, typeof answer === "function" ? answer : () => answer);
  const session = { token: async () => "token", renew: async () => "token" } as unknown as Session;
  const api = filesApi(new Http({ host, baseUrl: "", session, epoch: () => null }));
  return { host, api, asked: () => host.asked.map(({ method, path }) => `${method} ${path}`) };
}

function large(size = 3 * MIB): File {
  return new File([new Uint8Array(size)], "film.mp4", { type: "text/html" });
}

const DIRECT = { "POST /api/files/presign": { body: { upload: UPLOAD } }, "PUT /f1": {}, "POST /api/files/f1/complete": { body: FILE } };

describe("a large file", () => {
  it("goes directly to the file store, with the signed headers and no token", async () => {
    const { host, api, asked } = files(DIRECT);
    const progress: number[] = [];
    expect(await api.upload("r1", large(), { onProgress: (sent) => void progress.push(sent) })).toEqual(FILE);
    expect(asked()).toEqual(["POST /api/files/presign", "PUT /f1", "POST /api/files/f1/complete"]);
    expect(host.asked[0]?.body).toEqual({ room_id: "r1", name: "film.mp4", size: 3 * MIB });
    const put = host.asked[1];
    expect(put?.headers.get("authorization")).toBeNull();
    expect([...(put?.headers ?? [])]).toEqual([["content-type", "application/octet-stream"], ["if-none-match", "*"]]);
    expect(progress).toEqual([50]);
  });

  it("is announced as an original if it is to be stored as it is", async () => {
    const { host, api } = files(DIRECT);
    await api.upload("r1", large(), { original: true });
    expect(host.asked[0]?.body).toEqual({ room_id: "r1", name: "film.mp4", size: 3 * MIB, original: true });
  });

  it("goes through a server that takes all bytes itself, which is asked only once", async () => {
    const { api, asked } = files({
      "POST /api/files/presign": { body: { upload: null } },
      "POST /api/files/upload": { status: 201, body: FILE },
    });
    expect(await api.upload("r1", large())).toEqual(FILE);
    expect(await api.upload("r1", large())).toEqual(FILE);
    expect(asked()).toEqual(["POST /api/files/presign", "POST /api/files/upload", "POST /api/files/upload"]);
  });

  it("is refused before it is sent when neither way accepts it", async () => {
    const { api, asked } = files({ "POST /api/files/presign": { status: 413, body: { code: "too_large", detail: "A file may have 9 bytes at most." } } });
    await expect(api.upload("r1", large())).rejects.toMatchObject({ code: "too_large", status: 413 });
    expect(asked()).toEqual(["POST /api/files/presign"]);
  });

  it("can be cancelled in flight, and is then not completed", async () => {
    const stop = new AbortController();
    const { api, asked } = files(DIRECT);
    const upload = api.upload("r1", large(), { signal: stop.signal, onProgress: () => stop.abort() });
    await expect(upload).rejects.toMatchObject({ name: "AbortError" });
    expect(asked()).toEqual(["POST /api/files/presign"]);
  });

  it("that the store refuses is an error without its URL", async () => {
    const { api } = files({ ...DIRECT, "PUT /f1": { status: 403, body: "<Error>SignatureDoesNotMatch</Error>" } });
    const error = await api.upload("r1", large()).catch((error: unknown) => error);
    expect(error).toMatchObject({ code: "bad_request", status: 403 });
    expect(JSON.stringify(error) + String(error)).not.toContain("secret");
  });

  it("is not lost to one failed request at its end, nor to a lost answer", async () => {
    let completions = 0;
    const { api, asked } = files({
      ...DIRECT,
      // The first attempt arrived, but its answer did not.
      "PUT /f1": { status: 412 },
      "POST /api/files/f1/complete": () => (completions++ === 0 ? { status: 503, body: { code: "unavailable", detail: "" } } : { body: FILE }),
    });
    expect(await api.upload("r1", large())).toEqual(FILE);
    expect(asked().slice(2)).toEqual(["POST /api/files/f1/complete", "POST /api/files/f1/complete"]);
  });

  it("that is not what it claimed is not retried", async () => {
    const refusal = { status: 400, body: { code: "bad_request", detail: "2 bytes arrived." } };
    const { api, asked } = files({ ...DIRECT, "POST /api/files/f1/complete": refusal });
    await expect(api.upload("r1", large())).rejects.toMatchObject({ code: "bad_request" });
    expect(asked()).toHaveLength(3);
  });
});

describe("a small file", () => {
  it("goes through the server", async () => {
    const { api, asked } = files({ "POST /api/files/upload": { status: 201, body: FILE } });
    expect(await api.upload("r1", large(MIB))).toEqual(FILE);
    expect(asked()).toEqual(["POST /api/files/upload"]);
  });

  it.each([true, false])("says before its bytes whether it is stored as it is: %s", async (original) => {
    const { host, api } = files({ "POST /api/files/upload": { status: 201, body: FILE } });
    await api.upload("r1", large(MIB), { original });
    const form = host.asked[0]?.body as FormData;
    expect([...form.keys()]).toEqual(original ? ["room_id", "original", "file"] : ["room_id", "file"]);
    expect(form.get("original")).toBe(original ? "true" : null);
  });

  it.each([
    ["the server points there", { status: 413, body: TOO_LARGE }],
    ["something before the server takes less", { status: 413, body: { message: "Request Too Long" } }],
  ])("goes straight to the store when %s", async (_, refusal) => {
    const { api, asked } = files({ ...DIRECT, "POST /api/files/upload": refusal });
    expect(await api.upload("r1", large(MIB))).toEqual(FILE);
    expect(asked()).toEqual(["POST /api/files/upload", "POST /api/files/presign", "PUT /f1", "POST /api/files/f1/complete"]);
  });

  it("with too many pixels is not sent twice", async () => {
    const refusal = { status: 413, body: { code: "too_large", detail: "The picture has 50000 × 50000 pixels." } };
    const { api, asked } = files({ ...DIRECT, "POST /api/files/upload": refusal });
    await expect(api.upload("r1", large(MIB))).rejects.toMatchObject({ code: "too_large" });
    expect(asked()).toEqual(["POST /api/files/upload"]);
  });
});
