/** Owns files: uploads, and object URLs of the files that are shown. */
import type { FileView } from "../generated/wire.js";
import type { Rest } from "../rest/rest.js";
import { fileInfo } from "../state/message.js";
import type { FileInfo, RoomId, UploadOptions } from "../types.js";

/** Object URLs to keep; the oldest is evicted first. */
const URLS_MAX = 300;
const LIST_PAGES = 10;

export class Attachments {
  private readonly urls = new Map<string, Promise<string>>();

  constructor(private readonly rest: Rest) {}

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
    const url = (thumbnail ? this.rest.files.thumbnail(file.id) : this.rest.files.download(file.id)).then((blob) => URL.createObjectURL(blob));
    // A failed fetch is evicted, so that the next call retries it.
    url.catch(() => this.urls.delete(key));
    this.urls.set(key, url);
    if (this.urls.size > URLS_MAX) this.release(this.urls.keys().next().value as string);
    return url;
  }

  close(): void {
    for (const key of [...this.urls.keys()]) this.release(key);
  }

  private release(key: string): void {
    const url = this.urls.get(key);
    this.urls.delete(key);
    url?.then((address) => URL.revokeObjectURL(address)).catch(() => undefined);
  }
}
