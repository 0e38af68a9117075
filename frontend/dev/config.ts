/** Owns what the preview page's made-up server says of itself, of sessions, and of rooms that it does not have; and the reading places. */
import type { ReadingPosition, RoomId } from "@palaver/sdk";
import { sessions } from "./sessions.ts";

const CONFIG = { guests: true, registration: true, contact: null, limits: { upload_bytes: 25 * 1024 * 1024 } };

export class Offers {
  private readonly reading = new Map<RoomId, ReadingPosition>();

  config = async () => CONFIG;
  setup = async () => ({ needs_first_token: false });
  listSessions = async () => sessions();
  endSession = () => Promise.resolve();
  findRoom = async (room: string) => room;
  enterRoom = async (room: string) => room;
  lookUpRoom = async () => ({ kind: "missing" }) as const;
  getReading = (id: RoomId): ReadingPosition | null => this.reading.get(id) ?? null;
  setReading = (id: RoomId, position: ReadingPosition | null) => {
    if (position === null) this.reading.delete(id);
    else this.reading.set(id, position);
  };
}

/** Returns a mute of so many seconds. */
export function quietFor(seconds: number): { quietUntil: number | null } {
  return { quietUntil: seconds === 0 ? null : Date.now() + seconds * 1_000 };
}
