/**
 * Owns that a change survives a page that is left at once: the database takes a moment to store it, so until then the change is
 * also in the device's memory, which is written when `putItem` is called.
 */
import type { DeviceMemory } from "../host/host.ts";
import type { OutboxItem } from "../state/model.ts";
import type { UserStore } from "./storage.ts";

/** Returns the store with a journal in `memory`, under keys that start with `prefix`. */
export function journaled(store: UserStore, memory: DeviceMemory, prefix: string): UserStore {
  const keys = (start = prefix) => memory.keys().filter((key) => key.startsWith(start));
  const keyOf = ({ tag, id }: OutboxItem) => `${prefix}${tag}:${id}`;

  const putItem = async (item: OutboxItem) => {
    const key = keyOf(item);
    memory.set(key, JSON.stringify(item));
    await store.putItem(item);
    memory.remove(key);
  };
  return {
    ...store,
    putItem,
    /** Stores what the last page of that tag had no time to store, then reads. */
    async items(tag) {
      const items = await store.items(tag);
      const left = keys(`${prefix}${tag}:`);
      if (left.length === 0) return items;
      const stored = new Set(items.map(({ id }) => id));
      for (const key of left) {
        const item = parse(memory.get(key));
        // What is stored is newer: the page was left between the two steps of `putItem`.
        if (item === null || stored.has(item.id)) memory.remove(key);
        else await putItem(item);
      }
      return store.items(tag);
    },
    async deleteItem(id) {
      for (const key of keys()) if (key.endsWith(`:${id}`)) memory.remove(key);
      await store.deleteItem(id);
    },
    async destroy() {
      for (const key of keys()) memory.remove(key);
      await store.destroy();
    },
  };
}

function parse(text: string | null): OutboxItem | null {
  try {
    return JSON.parse(text ?? "null") as OutboxItem | null;
  } catch {
    return null;
  }
}
