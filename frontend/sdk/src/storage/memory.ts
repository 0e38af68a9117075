/** Owns the storage that lasts as long as the page: for hosts without IndexedDB, and where nothing may be stored. */
import type { Draft, Person } from "../types.ts";
import type { OutboxItem } from "../state/model.ts";
import type { CacheWrite, MetaRecord, OutboxRecord, RoomRecord, Storage, UserStore } from "./storage.ts";

export function memoryStorage(): Storage {
  let user: Person | null = null;
  let owes = false;
  const stores = new Map<string, UserStore>();
  return {
    lastUser: async () => user,
    setLastUser: async (next) => {
      user = next;
    },
    owesLogout: async () => owes,
    setOwesLogout: async (next) => {
      owes = next;
    },
    open: async (id) => {
      const store = stores.get(id) ?? memoryUserStore();
      stores.set(id, store);
      return store;
    },
  };
}

function memoryUserStore(): UserStore {
  let meta: MetaRecord | null = null;
  const rooms = new Map<string, RoomRecord>();
  const drafts = new Map<string, Draft>();
  const outboxes = new Map<string, OutboxRecord>();
  const items = new Map<string, OutboxItem>();
  const files = new Map<string, Blob>();
  return {
    load: async () => ({ meta, rooms: [...rooms.values()], drafts: [...drafts] }),
    write: async (change: CacheWrite) => {
      meta = change.meta;
      for (const id of change.gone) rooms.delete(id);
      for (const room of change.rooms) rooms.set(room.id, room);
    },
    putDraft: async (room, draft) => void drafts.set(room, draft),
    putFile: async (key, bytes) => void files.set(key, bytes),
    file: async (key) => files.get(key) ?? null,
    fileKeys: async () => [...files.keys()],
    deleteFile: async (key) => void files.delete(key),
    outboxes: async () => [...outboxes.values()],
    putOutbox: async (outbox) => void outboxes.set(outbox.tag, outbox),
    deleteOutbox: async (tag) => void outboxes.delete(tag),
    items: async (tag) => [...items.values()].filter((item) => item.tag === tag).sort((a, b) => (a.id < b.id ? -1 : 1)),
    putItem: async (item) => {
      items.set(item.id, item);
      const outbox = outboxes.get(item.tag);
      if (outbox !== undefined && (outbox.lastId ?? "") < item.id) outboxes.set(item.tag, { ...outbox, lastId: item.id });
    },
    deleteItem: async (id) => void items.delete(id),
    destroy: async () => {
      meta = null;
      for (const map of [rooms, drafts, outboxes, items, files]) map.clear();
    },
    close: () => undefined,
  };
}
