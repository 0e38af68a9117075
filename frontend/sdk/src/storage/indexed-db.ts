/** Owns the storage of browsers: one IndexedDB database for the last user, and one per user. */
import { deleteDB, openDB, type DBSchema, type IDBPDatabase } from "idb";
import type { Draft, Person } from "../types.ts";
import { EMPTY_DRAFT, isBlankDraft } from "../state/draft.ts";
import type { OutboxItem } from "../state/model.ts";
import type { MetaRecord, OutboxRecord, RoomRecord, Storage, UserStore } from "./storage.ts";

interface Root extends DBSchema {
  last: { key: "user" | "owes_logout"; value: Person | true };
}

interface OfUser extends DBSchema {
  meta: { key: "meta"; value: MetaRecord };
  rooms: { key: string; value: RoomRecord };
  drafts: { key: string; value: Draft };
  /** Bytes of the files of drafts. */
  files: { key: string; value: Blob };
  outboxes: { key: string; value: OutboxRecord };
  items: { key: string; value: OutboxItem; indexes: { tag: string } };
}

export function indexedDbStorage(name: string): Storage {
  const root = openDB<Root>(name, 1, { upgrade: (db) => void db.createObjectStore("last") });
  // The first use reports a failure, not an unhandled rejection.
  root.catch(() => undefined);
  return {
    lastUser: async () => ((await (await root).get("last", "user")) as Person | undefined) ?? null,
    setLastUser: async (user) => {
      const db = await root;
      if (user === null) await db.delete("last", "user");
      else await db.put("last", user, "user");
    },
    owesLogout: async () => (await (await root).get("last", "owes_logout")) === true,
    setOwesLogout: async (owes) => {
      const db = await root;
      if (owes) await db.put("last", true, "owes_logout");
      else await db.delete("last", "owes_logout");
    },
    open: async (user) => userStore(`${name}:${user}`),
  };
}

async function userStore(name: string): Promise<UserStore> {
  const db = await openDB<OfUser>(name, 2, {
    upgrade(upgraded, version) {
      if (version < 1) {
        upgraded.createObjectStore("meta");
        upgraded.createObjectStore("rooms", { keyPath: "id" });
        upgraded.createObjectStore("drafts");
        upgraded.createObjectStore("outboxes", { keyPath: "tag" });
        upgraded.createObjectStore("items", { keyPath: "id" }).createIndex("tag", "tag");
      }
      upgraded.createObjectStore("files");
    },
    blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
  });
  return new IndexedDbUserStore(db);
}

class IndexedDbUserStore implements UserStore {
  private readonly db: IDBPDatabase<OfUser>;

  constructor(db: IDBPDatabase<OfUser>) {
    this.db = db;
  }

  async load() {
    const tx = this.db.transaction(["meta", "rooms", "drafts"]);
    const [meta, rooms, draftRooms, drafts] = await Promise.all([
      tx.objectStore("meta").get("meta"),
      tx.objectStore("rooms").getAll(),
      tx.objectStore("drafts").getAllKeys(),
      tx.objectStore("drafts").getAll(),
    ]);
    // Drafts of an earlier release have fewer fields.
    return { meta: meta ?? null, rooms, drafts: draftRooms.map((room, i) => [room, { ...EMPTY_DRAFT, ...drafts[i] }] as const) };
  }

  /** Writes cursors and what they cover in one transaction: a crash leaves the older pair, never half of each. */
  async write(change: Parameters<UserStore["write"]>[0]) {
    const tx = this.db.transaction(["meta", "rooms"], "readwrite");
    const rooms = tx.objectStore("rooms");
    void tx.objectStore("meta").put(change.meta, "meta");
    for (const id of change.gone) void rooms.delete(id);
    for (const room of change.rooms) void rooms.put(room);
    await tx.done;
  }

  async putDraft(room: string, draft: Draft) {
    if (isBlankDraft(draft)) await this.db.delete("drafts", room);
    else await this.db.put("drafts", draft, room);
  }

  async putFile(key: string, bytes: Blob) {
    const tx = this.db.transaction("files", "readwrite");
    void tx.store.put(bytes, key);
    // The page may be left before the browser would commit by itself.
    tx.commit();
    await tx.done;
  }

  async file(key: string) {
    return (await this.db.get("files", key)) ?? null;
  }

  fileKeys() {
    return this.db.getAllKeys("files");
  }

  async deleteFile(key: string) {
    await this.db.delete("files", key);
  }

  outboxes() {
    return this.db.getAll("outboxes");
  }

  async putOutbox(outbox: OutboxRecord) {
    await this.db.put("outboxes", outbox);
  }

  async deleteOutbox(tag: string) {
    await this.db.delete("outboxes", tag);
  }

  /** Returns the items in the order of their ids, which is the order in which they were made. */
  items(tag: string) {
    return this.db.getAllFromIndex("items", "tag", tag);
  }

  /** Stores the last id with the item, so that a clock that goes back cannot generate a lower one. */
  async putItem(item: OutboxItem) {
    const tx = this.db.transaction(["items", "outboxes"], "readwrite", { durability: "strict" });
    const outbox = await tx.objectStore("outboxes").get(item.tag);
    if (outbox !== undefined && (outbox.lastId ?? "") < item.id) {
      void tx.objectStore("outboxes").put({ ...outbox, lastId: item.id });
    }
    void tx.objectStore("items").put(item);
    await tx.done;
  }

  async deleteItem(id: string) {
    await this.db.delete("items", id);
  }

  async destroy() {
    const { name } = this.db;
    this.db.close();
    await deleteDB(name);
  }

  close() {
    this.db.close();
  }
}
