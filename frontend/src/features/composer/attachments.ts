/**
 * Owns the files that wait in a room's composer: they are uploaded at once, also while another room is open, and sent with the
 * message when complete. They are part of the draft, and their bytes are kept on this device, so a reload goes on with them.
 */
import type { ChatClientApi, DraftFile, FileInfo, RoomId } from "@palaver/sdk";
import { t } from "../../i18n/index.ts";
import { aborted, explain } from "../../lib/errors.ts";
import { size } from "../../lib/format.ts";
import { FILES_PER_MESSAGE, TEXT_CHARS } from "../../lib/limits.ts";
import { withoutBlankEnds } from "../../lib/text/markdown.ts";
import { toast } from "../../ui/Toasts.tsx";

export interface Attachment extends DraftFile {
  /** The bytes; null while they are read after a reload, and if this device could not keep them. */
  readonly bytes: Blob | null;
  /** For pictures: object URL of the bytes on this device. */
  readonly preview: string | null;
  /** From 0 to 1. */
  readonly progress: number;
  readonly error: { readonly text: string; readonly mayRetry: boolean } | null;
}

/** The server removes a file that is not sent within a day: an older one is uploaded again. */
const FRESH_MS = 20 * 3_600_000;

/** The files of one room's draft. */
export class Attachments {
  private all: readonly Attachment[] = [];
  private sendsWhenThere = false;
  private readonly running = new Map<string, AbortController>();
  private readonly listeners = new Set<() => void>();

  constructor(
    private readonly client: ChatClientApi,
    private readonly room: RoomId,
  ) {
    this.follow(client.getDraft(room).files);
  }

  readonly items = (): readonly Attachment[] => this.all;

  /** Whether the message is sent as soon as all files are uploaded. */
  readonly willSend = (): boolean => this.sendsWhenThere;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly add = (files: Iterable<File>): void => {
    const chosen = [...files];
    const left = FILES_PER_MESSAGE - this.all.length;
    if (chosen.length > left) toast(t("upload.tooMany", { n: FILES_PER_MESSAGE }));
    const made = chosen.slice(0, Math.max(left, 0)).map((file) => ({
      key: newKey(),
      name: file.name,
      type: file.type,
      size: file.size,
      original: false,
      info: null,
      uploadedAt: null,
      bytes: file,
      preview: previewOf(file),
      progress: 0,
      error: null,
    }));
    this.put([...this.all, ...made]);
    for (const { key, bytes } of made) {
      // Where the bytes cannot be kept, the file lasts until the page is closed.
      this.client.keepFile(key, bytes).catch(() => undefined);
      void this.upload(key);
    }
  };

  readonly remove = (key: string): void => {
    const gone = this.find(key);
    if (gone === undefined) return;
    this.drop(gone);
    this.forget(gone.info);
    this.put(this.all.filter((one) => one !== gone));
  };

  readonly retry = (key: string): void => void this.upload(key);

  /** Chooses whether a file is sent exactly as it is, and uploads it again. */
  readonly setOriginal = (key: string, original: boolean): void => {
    const item = this.find(key);
    if (item === undefined || item.original === original) return;
    this.forget(item.info);
    this.change(key, { original, info: null, uploadedAt: null });
    void this.upload(key);
  };

  /** Sends the draft, now or when the last upload is complete, unless one fails or the user cancels it. */
  readonly send = (): void => {
    if (!this.all.every((one) => one.info !== null)) {
      this.setSends(this.all.every((one) => one.error === null));
      return;
    }
    this.setSends(false);
    const { client, room } = this;
    const { text, replyTo } = client.getDraft(room);
    // It may have been written on while the files were uploaded.
    if ([...text].length > TEXT_CHARS) return;
    const files = this.all.flatMap((one) => (one.info === null ? [] : [one.info]));
    client.typing(room, false);
    client.send(room, { text: withoutBlankEnds(text), replyTo, files });
    for (const one of this.all) this.drop(one);
    this.all = [];
    client.setDraft(room, { text: "", replyTo: null, files: [] });
    this.tell();
  };

  /** Takes over the files of the draft, if they are not those that wait here: after a reload, or from another tab. */
  readonly follow = (files: readonly DraftFile[]): void => {
    if (files.length === this.all.length && files.every((file, i) => file.key === this.all[i]?.key)) return;
    const keys = new Set(files.map((file) => file.key));
    for (const one of this.all) if (!keys.has(one.key)) this.drop(one);
    const fresh = files.filter((file) => this.find(file.key) === undefined);
    this.all = files.map((file) => this.find(file.key) ?? restored(file));
    this.tell();
    for (const { key } of fresh) void this.restore(key);
  };

  /** Ends all uploads: the user has signed out. */
  stop(): void {
    for (const one of this.all) this.drop(one);
    this.all = [];
    this.sendsWhenThere = false;
    this.tell();
  }

  private async restore(key: string): Promise<void> {
    const kept = await this.client.keptFile(key).catch(() => null);
    const item = this.find(key);
    if (item === undefined) return;
    const bytes = kept === null ? null : new File([kept], item.name, { type: item.type });
    this.change(key, { bytes, preview: bytes === null ? null : previewOf(bytes) });
    const isFresh = item.info !== null && Date.now() - (item.uploadedAt ?? 0) < FRESH_MS;
    if (!isFresh && (bytes !== null || item.info === null)) {
      this.change(key, { info: null, uploadedAt: null });
      void this.upload(key);
    }
  }

  private async upload(key: string): Promise<void> {
    const item = this.find(key);
    if (item === undefined) return;
    this.running.get(key)?.abort();
    const stop = new AbortController();
    this.running.set(key, stop);
    this.change(key, { progress: 0, error: null });
    try {
      const refusal = await this.refusal(item);
      if (stop.signal.aborted) return;
      if (refusal !== null || item.bytes === null) {
        this.fail(key, refusal ?? t("upload.lost"), false);
        return;
      }
      const onProgress = (sent: number, total: number) => this.change(key, { progress: total > 0 ? sent / total : 0 });
      const { original } = item;
      const info = await this.client.upload(this.room, item.bytes, { signal: stop.signal, onProgress, original });
      // The answer was already on its way when the file was removed, or its other version was chosen.
      if (stop.signal.aborted) this.forget(info);
      else this.change(key, { info, uploadedAt: Date.now(), progress: 1 });
    } catch (error) {
      if (!aborted(error) && !stop.signal.aborted) this.fail(key, explain(error), true);
    } finally {
      if (this.running.get(key) === stop) this.running.delete(key);
      if (this.sendsWhenThere) this.send();
    }
  }

  /** Returns why the server would refuse the file. If its limit is not known, the server answers. */
  private async refusal({ name, size: bytes }: Attachment): Promise<string | null> {
    const config = await this.client.config().catch(() => null);
    const max = config?.limits.upload_bytes ?? Number.POSITIVE_INFINITY;
    return bytes > max ? t("upload.tooLarge", { name, max: size(max) }) : null;
  }

  private fail(key: string, text: string, mayRetry: boolean): void {
    this.change(key, { error: { text, mayRetry } });
    this.setSends(false);
  }

  /** Deletes a file that is not sent after all, so that it no longer counts. The server would remove it after a day. */
  private forget(info: FileInfo | null): void {
    if (info !== null) this.client.deleteFile(info.id).catch(() => undefined);
  }

  private drop({ key, preview }: Attachment): void {
    this.running.get(key)?.abort();
    this.running.delete(key);
    if (preview !== null) URL.revokeObjectURL(preview);
  }

  private find(key: string): Attachment | undefined {
    return this.all.find((one) => one.key === key);
  }

  private change(key: string, part: Partial<Attachment>): void {
    const all = this.all.map((one) => (one.key === key ? { ...one, ...part } : one));
    if ("info" in part || "original" in part) this.put(all);
    else {
      this.all = all;
      this.tell();
    }
  }

  /** Changes the list, and with it the draft. */
  private put(all: readonly Attachment[]): void {
    this.all = all;
    this.client.setDraft(this.room, { files: all.map(toDraft) });
    this.tell();
  }

  private setSends(sends: boolean): void {
    if (sends === this.sendsWhenThere) return;
    this.sendsWhenThere = sends;
    this.tell();
  }

  private tell(): void {
    for (const listener of [...this.listeners]) listener();
  }
}

const known = new WeakMap<ChatClientApi, Map<RoomId, Attachments>>();

/** Returns the files of a room's composer: the same object until the user signs out. */
export function attachmentsOf(client: ChatClientApi, room: RoomId): Attachments {
  let rooms = known.get(client);
  if (rooms === undefined) {
    rooms = new Map();
    known.set(client, rooms);
    stopOnSignOut(client, rooms);
  }
  let files = rooms.get(room);
  if (files === undefined) {
    files = new Attachments(client, room);
    rooms.set(room, files);
  }
  return files;
}

function stopOnSignOut(client: ChatClientApi, rooms: Map<RoomId, Attachments>): void {
  let user = client.getState().me?.id;
  client.subscribe(() => {
    const now = client.getState().me?.id;
    if (now === user) return;
    user = now;
    for (const files of rooms.values()) files.stop();
    rooms.clear();
  });
}

function restored(file: DraftFile): Attachment {
  return { ...file, bytes: null, preview: null, progress: file.info === null ? 0 : 1, error: null };
}

function toDraft({ key, name, type, size, original, info, uploadedAt }: Attachment): DraftFile {
  return { key, name, type, size, original, info, uploadedAt };
}

function previewOf(file: File): string | null {
  return file.type.startsWith("image/") ? URL.createObjectURL(file) : null;
}

/** Returns a key that no other file has. `crypto.randomUUID` is missing on plain http. */
function newKey(): string {
  return `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
}
