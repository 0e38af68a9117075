/**
 * Owns what happens when a device stores nothing: site data may be blocked, a disk may be full, and a database may never
 * answer. Each call has a time limit, and what cannot be stored is kept in memory, so that the page works all the same.
 */
import type { Host, Timer } from "../host/host.ts";
import { indexedDbStorage } from "./indexed-db.ts";
import { journaled } from "./journal.ts";
import { memoryStorage } from "./memory.ts";
import type { Storage, UserStore } from "./storage.ts";

/** How long a database may take to answer. */
export const STORAGE_PATIENCE_MS = 3_000;

type Clock = Pick<Host, "setTimer" | "clearTimer">;

class NoAnswer extends Error {}

/** Opens the database of that name, or, if it is `false`, the memory. */
export function openStorage(name: string | false, host: Clock & Pick<Host, "deviceMemory">, onLost: () => void): Storage {
  if (name === false) {
    onLost();
    return memoryStorage();
  }
  const storage = guardedStorage(() => indexedDbStorage(name), host, onLost);
  const { deviceMemory } = host;
  if (deviceMemory === null) return storage;
  return { ...storage, open: async (user) => journaled(await storage.open(user), deviceMemory, `palaver-change:${name}:${user}:`) };
}

/**
 * Returns a storage that never fails and never hangs. `open` opens the real one, and may throw.
 * @param onLost called when something was not stored: it will not survive a reload.
 */
export function guardedStorage(open: () => Storage, clock: Clock, onLost: () => void): Storage {
  const memory = memoryStorage();
  let disk: Storage | null = null;
  try {
    disk = open();
  } catch {
    onLost();
  }

  const run = async <T>(work: (storage: Storage) => Promise<T>): Promise<T> => {
    if (disk === null) return work(memory);
    const used = disk;
    try {
      return await within(clock, () => work(used));
    } catch {
      disk = null;
      onLost();
      return work(memory);
    }
  };
  return {
    lastUser: () => run((storage) => storage.lastUser()),
    setLastUser: (user) => run((storage) => storage.setLastUser(user)),
    owesLogout: () => run((storage) => storage.owesLogout()),
    setOwesLogout: (owes) => run((storage) => storage.setOwesLogout(owes)),
    open: async (user) => {
      const store = await run((storage) => storage.open(user));
      return disk === null ? store : guardedUserStore(store, await memory.open(user), clock, onLost);
    },
  };
}

function guardedUserStore(disk: UserStore, memory: UserStore, clock: Clock, onLost: () => void): UserStore {
  /** Whether the disk is asked no more. */
  let given = false;
  const run = async <T>(work: (store: UserStore) => Promise<T>, reads = false): Promise<T> => {
    if (given) return work(memory);
    try {
      return await within(clock, () => work(disk));
    } catch (error) {
      // Another tab has signed the user out and deleted the database: nothing is lost that should stay.
      const isClosed = error instanceof DOMException && error.name === "InvalidStateError";
      if (!isClosed) onLost();
      // A write may fail because the disk is full, and the next, smaller one may succeed.
      given ||= isClosed || reads || error instanceof NoAnswer;
      return work(memory);
    }
  };
  return {
    load: () => run((store) => store.load(), true),
    write: (change) => run((store) => store.write(change)),
    putDraft: (room, draft) => run((store) => store.putDraft(room, draft)),
    putFile: (key, bytes) => run((store) => store.putFile(key, bytes)),
    file: (key) => run((store) => store.file(key), true),
    fileKeys: () => run((store) => store.fileKeys(), true),
    deleteFile: (key) => run((store) => store.deleteFile(key)),
    outboxes: () => run((store) => store.outboxes(), true),
    putOutbox: (outbox) => run((store) => store.putOutbox(outbox)),
    deleteOutbox: (tag) => run((store) => store.deleteOutbox(tag)),
    items: (tag) => run((store) => store.items(tag), true),
    putItem: (item) => run((store) => store.putItem(item)),
    deleteItem: (id) => run((store) => store.deleteItem(id)),
    destroy: async () => {
      await memory.destroy();
      await within(clock, () => disk.destroy()).catch(() => undefined);
    },
    close: () => disk.close(),
  };
}

/** Resolves or rejects with `work`, and rejects when it has not done so in time. */
function within<T>(clock: Clock, work: () => Promise<T>): Promise<T> {
  let timer: Timer;
  return new Promise<T>((resolve, reject) => {
    timer = clock.setTimer(() => reject(new NoAnswer("the database does not answer")), STORAGE_PATIENCE_MS);
    work().then(resolve, reject);
  }).finally(() => clock.clearTimer(timer));
}
