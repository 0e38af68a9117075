/** Owns files: uploads, and object URLs of the files that are shown. */
import type { FileView } from "../generated/wire.ts";
import type { Rest } from "../rest/rest.ts";
import { ANIMATION_BYTES, isAnimation } from "./animation.ts";
import { fileInfo } from "../state/message.ts";
import type { FileInfo, RoomId, UploadOptions } from "../types.ts";

/** Object URLs to keep; the oldest is evicted first. */
const URLS_MAX = 300;
const LIST_PAGES = 10;

export class Attachments {
  private readonly rest: Rest;
  private readonly urls = new Map<string, Promise<string>>();
  /** The files behind the object URLs, by id. */
  private readonly blobs = new Map<string, Blob>();

  constructor(rest: Rest) {
    this.rest = rest;
  }

  async upload(room: RoomId, file: Blob & { readonly name?: string }, options?: UploadOptions): Promise<FileInfo> {
    return fileInfo(await this.rest.files.upload(room, file, options));
  }

  async list(room: RoomId): Promise<readonly FileInfo[]> {
    const files: FileView[] = [];
    let before: string | undefined;
    for (let pages = 0; pages < LIST_PAGES; pages++) {
      const page = await this.rest.files.list(room, before === undefined ? {} : { before });
      files.push(...page.items);
      if (page.next === null) break;
      before = page.next;
    }
    return files.map(fileInfo);
  }

  /** Returns an object URL that `src` accepts: the token travels in a header, so a plain URL would not work. */
  url(file: FileInfo, which: "full" | "thumbnail" = "full"): Promise<string> {
    const thumbnail = which === "thumbnail" && file.thumbnail === true;
    const key = `${file.id}/${thumbnail ? "thumbnail" : "full"}`;
    const known = this.urls.get(key);
    if (known !== undefined) return known;
    const url = (thumbnail ? this.rest.files.thumbnail(file.id) : this.rest.files.download(file.id)).then((blob) => {
      if (!thumbnail) this.blobs.set(file.id, blob);
      return URL.createObjectURL(blob);
    });
    // A failed fetch is evicted, so that the next call retries it.
    url.catch(() => this.urls.delete(key));
    this.urls.set(key, url);
    if (this.urls.size > URLS_MAX) this.release(this.urls.keys().next().value as string);
    return url;
  }

  /** The first bytes tell; the file stays cached for `url`. */
  async isAnimated(file: FileInfo): Promise<boolean> {
    await this.url(file);
    const blob = this.blobs.get(file.id);
    return blob !== undefined && isAnimation(new Uint8Array(await blob.slice(0, ANIMATION_BYTES).arrayBuffer()));
  }

  close(): void {
    for (const key of [...this.urls.keys()]) this.release(key);
  }

  private release(key: string): void {
    const url = this.urls.get(key);
    this.urls.delete(key);
    if (key.endsWith("/full")) this.blobs.delete(key.slice(0, -"/full".length));
    url?.then((address) => URL.revokeObjectURL(address)).catch(() => undefined);
  }
}
