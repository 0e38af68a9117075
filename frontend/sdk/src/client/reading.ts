/** Owns where the user was reading in each room. Each tab has its own positions, and a reload keeps them. */
import type { TabMemory } from "../host/host.ts";
import type { ReadingPosition, RoomId } from "../types.ts";

/** Rooms whose position is kept; the one that was read longest ago is evicted first. */
const ROOMS_MAX = 100;

export class Reading {
  private readonly positions = new Map<RoomId, ReadingPosition>();
  private key: string | null = null;

  private readonly memory: TabMemory;

  constructor(memory: TabMemory) {
    this.memory = memory;
  }

  get(room: RoomId): ReadingPosition | null {
    return this.positions.get(room) ?? null;
  }

  /** Keeps the position before it returns; null means the end of the conversation. */
  set(room: RoomId, position: ReadingPosition | null): void {
    if (position === null && !this.positions.has(room)) return;
    this.positions.delete(room);
    if (position !== null) this.positions.set(room, position);
    if (this.positions.size > ROOMS_MAX) this.positions.delete(this.positions.keys().next().value as RoomId);
    if (this.key !== null) this.memory.set(this.key, JSON.stringify([...this.positions]));
  }

  open(user: string): void {
    this.positions.clear();
    this.key = `palaver-reading:${user}`;
    try {
      const kept = JSON.parse(this.memory.get(this.key) ?? "[]") as [RoomId, ReadingPosition][];
      for (const [room, position] of kept) this.positions.set(room, position);
    } catch {
      // Not written by this release: each room opens at its end.
    }
  }

  forget(): void {
    if (this.key !== null) this.memory.remove(this.key);
    this.key = null;
    this.positions.clear();
  }
}
