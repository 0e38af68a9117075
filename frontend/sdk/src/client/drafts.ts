/**
 * Owns drafts on this device: each change is kept before the call returns, so that a page that is left at once loses nothing.
 *
 * How tabs share: each tab keeps its drafts under the tag of its outbox, which no other open tab has. While a tab shows a room,
 * its draft of that room belongs to it: no other tab sees it, so two tabs never overwrite each other. When the tab leaves the
 * room, or is closed, the draft belongs to the tab that changes it next, and the newest one of a room is shown. A draft that is
 * not shown stays on the device and is shown when the room is opened again without a draft.
 */
import type { DeviceMemory, Host } from "../host/host.ts";
import { EMPTY_DRAFT, isBlankDraft } from "../state/draft.ts";
import type { Outbox } from "../outbox/outbox.ts";
import type { Draft, RoomId } from "../types.ts";
import type { UserStore } from "../storage/storage.ts";
import type { Store } from "./store.ts";

/** A draft as it is kept. */
interface Entry {
  readonly draft: Draft;
  /** Time of the last change, in milliseconds since 1970. */
  readonly at: number;
  /** Whether a tab shows the room, so that the draft belongs to that tab. */
  readonly shown: boolean;
}

/** The user, and what distinguishes this tab from others. */
export interface DraftOwner {
  readonly user: string;
  readonly tabs: Pick<Outbox, "ownTag" | "holds" | "mayBeOthers">;
  readonly disk: UserStore;
}

export class Drafts {
  private readonly memory: DeviceMemory | null;
  private owner: DraftOwner | null = null;
  private unfollow: (() => void) | null = null;
  /** Rooms on the screen, with how many parts of the page show them. */
  private readonly shown = new Map<RoomId, number>();
  /** Rooms on the screen whose draft was changed since they are. */
  private readonly changed = new Set<RoomId>();
  /** Rooms whose draft did not fit into the memory: it lasts as long as the page. */
  private readonly unkept = new Set<RoomId>();
  /** The key that the present draft of a room is kept under. */
  private readonly sources = new Map<RoomId, string>();

  private readonly host: Host;
  private readonly store: Store;
  private readonly name: string | null;

  /** `name` is that of the storage; null keeps everything in memory. */
  constructor(
    host: Host,
    store: Store,
    name: string | null,
  ) {
    this.host = host;
    this.store = store;
    this.name = name;
    this.memory = name === null ? null : host.deviceMemory;
  }

  get(room: RoomId): Draft {
    return this.store.core.drafts.get(room) ?? EMPTY_DRAFT;
  }

  set(room: RoomId, change: Partial<Draft>): void {
    const before = this.get(room);
    const draft = { ...before, ...change };
    this.store.dispatch({ type: "draft", room, draft });
    const { owner } = this;
    if (owner === null) return;
    if (this.shown.has(room)) this.changed.add(room);

    const key = this.keyOf(room, owner.tabs.ownTag);
    const source = this.sources.get(room);
    if (this.write(key, draft, this.shown.has(room))) this.unkept.delete(room);
    else this.unkept.add(room);
    // The tab that wrote the draft before has left it.
    if (source !== undefined && source !== key) this.memory?.remove(source);
    this.sources.set(room, key);
    const kept = new Set(draft.files.map((file) => file.key));
    for (const file of before.files) if (!kept.has(file.key)) owner.disk.deleteFile(file.key).catch(() => undefined);
  }

  /** Keeps the draft of a room that is on the screen for this tab. Returns a function that releases it. */
  hold(room: RoomId): () => void {
    this.shown.set(room, (this.shown.get(room) ?? 0) + 1);
    this.find(room);
    this.mark(room, true);
    return () => {
      const left = (this.shown.get(room) ?? 1) - 1;
      if (left > 0) {
        this.shown.set(room, left);
        return;
      }
      this.shown.delete(room);
      this.changed.delete(room);
      this.mark(room, false);
      this.find(room);
    };
  }

  /** Returns the drafts that this tab shows, and starts to follow other tabs. */
  open(owner: DraftOwner): ReadonlyMap<RoomId, Draft> | null {
    this.owner = owner;
    const { memory } = this;
    if (memory === null) return null;
    this.unfollow = memory.follow((key) => this.onOtherTab(key));
    const drafts = new Map<RoomId, Draft>();
    for (const [key, { draft, at, shown }] of this.entries()) {
      const { tag, room } = this.partsOf(key);
      // The tab is gone without leaving its rooms: it crashed.
      if (shown && tag !== owner.tabs.ownTag && !owner.tabs.mayBeOthers(tag)) this.put(key, { draft, at, shown: false });
      drafts.set(room, EMPTY_DRAFT);
    }
    const entries = [...this.entries()];
    for (const room of drafts.keys()) drafts.set(room, this.pick(room, entries));
    void this.sweep(owner.disk);
    return drafts;
  }

  /** The page is left, or was left and is shown again (`here`): its drafts are free for other tabs, or belong to it again. */
  present(here: boolean): void {
    for (const room of this.shown.keys()) {
      if (here) this.refresh(room);
      this.mark(room, here);
    }
  }

  close(): void {
    this.present(false);
    this.unfollow?.();
    this.unfollow = null;
    this.owner = null;
    this.changed.clear();
    this.unkept.clear();
    this.sources.clear();
  }

  /** Deletes all drafts of the user on this device. */
  forget(): void {
    if (this.owner !== null) for (const key of this.keys()) this.memory?.remove(key);
    this.shown.clear();
    this.close();
  }

  private onOtherTab(key: string | null): void {
    const prefix = this.prefix();
    if (key !== null && !key.startsWith(prefix)) return;
    const rooms = key === null ? [...this.store.core.drafts.keys()] : [this.partsOf(key).room];
    for (const room of rooms) {
      if (!this.shown.has(room)) this.find(room);
      else if (key === null || key === this.sources.get(room)) this.refresh(room);
    }
  }

  /**
   * Looks again at the draft of a room on the screen, unless it was changed here. A draft that another tab leaves does not appear
   * under the user's eyes: that tab may only reload.
   */
  private refresh(room: RoomId): void {
    if (!this.changed.has(room) && this.sources.has(room)) this.find(room);
  }

  /** Shows the draft that the room has now. */
  private find(room: RoomId): void {
    if (this.owner === null || this.memory === null || this.unkept.has(room)) return;
    const draft = this.pick(room);
    if (JSON.stringify(draft) !== JSON.stringify(this.get(room))) this.store.dispatch({ type: "draft", room, draft });
  }

  /** Returns the draft to show: this tab's own, else the newest that no other tab shows. */
  private pick(room: RoomId, entries: Iterable<readonly [string, Entry]> = this.entries(room)): Draft {
    const { owner } = this;
    if (owner === null) return EMPTY_DRAFT;
    const own = this.keyOf(room, owner.tabs.ownTag);
    let best: readonly [string, Entry] | null = null;
    for (const [key, entry] of entries) {
      const parts = this.partsOf(key);
      if (parts.room !== room || (entry.shown && !owner.tabs.holds(parts.tag))) continue;
      if (best === null || key === own || (best[0] !== own && entry.at > best[1].at)) best = [key, entry];
    }
    if (best === null) this.sources.delete(room);
    else this.sources.set(room, best[0]);
    return best?.[1].draft ?? EMPTY_DRAFT;
  }

  /** Notes at this tab's own draft of a room whether the tab shows the room. */
  private mark(room: RoomId, shown: boolean): void {
    if (this.owner === null) return;
    const key = this.keyOf(room, this.owner.tabs.ownTag);
    const entry = this.read(key);
    if (entry !== null && entry.shown !== shown) this.put(key, { ...entry, shown });
  }

  /** Returns whether the draft is kept. */
  private write(key: string, draft: Draft, shown: boolean): boolean {
    if (!isBlankDraft(draft)) return this.put(key, { draft, at: this.host.now(), shown });
    this.memory?.remove(key);
    return true;
  }

  private put(key: string, entry: Entry): boolean {
    const text = JSON.stringify(entry);
    this.memory?.set(key, text);
    return this.memory?.get(key) === text;
  }

  private read(key: string): Entry | null {
    try {
      const entry = JSON.parse(this.memory?.get(key) ?? "null") as Entry | null;
      // A draft of an earlier release has fewer fields.
      return entry === null ? null : { ...entry, draft: { ...EMPTY_DRAFT, ...entry.draft } };
    } catch {
      return null;
    }
  }

  /** The drafts on the device: all of them, or those of one room. */
  private *entries(room?: RoomId): Generator<readonly [string, Entry]> {
    for (const key of this.keys()) {
      if (room !== undefined && this.partsOf(key).room !== room) continue;
      const entry = this.read(key);
      if (entry !== null) yield [key, entry];
    }
  }

  private keys(): readonly string[] {
    const prefix = this.prefix();
    return this.memory?.keys().filter((key) => key.startsWith(prefix)) ?? [];
  }

  private prefix(): string {
    return `palaver-draft:${this.name}:${this.owner?.user}:`;
  }

  private keyOf(room: RoomId, tag: string): string {
    return `${this.prefix()}${tag}:${room}`;
  }

  private partsOf(key: string): { readonly tag: string; readonly room: RoomId } {
    const rest = key.slice(this.prefix().length);
    const end = rest.indexOf(":");
    return { tag: rest.slice(0, end), room: rest.slice(end + 1) };
  }

  /** Deletes the bytes of files that no draft has any more. */
  private async sweep(disk: UserStore): Promise<void> {
    const keys = await disk.fileKeys().catch(() => []);
    // Read after the keys: a file is noted in its draft before its bytes are kept.
    const used = new Set([...this.entries()].flatMap(([, { draft }]) => draft.files.map((file) => file.key)));
    if (this.owner?.disk !== disk) return;
    for (const key of keys) if (!used.has(key)) disk.deleteFile(key).catch(() => undefined);
  }
}
