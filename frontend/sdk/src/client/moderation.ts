/** Owns requests that change rooms and members. Each append has a key and the head it was decided on. */
import type { Host } from "../host/host.ts";
import { IdMaker, newTag } from "../outbox/ids.ts";
import type { Append } from "../rest/http.ts";
import type { Rest } from "../rest/rest.ts";
import type { NotificationLevel, Role, RoomChange, RoomId, UserId } from "../types.ts";
import type { Store } from "./store.ts";

export class Moderation {
  private readonly host: Host;
  private readonly store: Store;
  private readonly rest: Rest;
  private readonly ids: IdMaker;

  constructor(
    host: Host,
    store: Store,
    rest: Rest,
  ) {
    this.host = host;
    this.store = store;
    this.rest = rest;
    // These requests do not wait for the outbox and have their own tag: their ids must not be compared with its ids.
    this.ids = new IdMaker(newTag(() => host.random()), null, () => host.now());
  }

  async update(room: RoomId, change: RoomChange): Promise<void> {
    await this.rest.rooms.update(room, change, this.append(room));
  }
  async archive(room: RoomId, archived: boolean): Promise<void> {
    await (archived ? this.rest.rooms.archive(room, this.append(room)) : this.rest.rooms.unarchive(room, this.append(room)));
  }
  async invite(room: RoomId, user: string): Promise<void> {
    await this.rest.rooms.invite(room, { user }, this.append(room));
  }
  async kick(room: RoomId, user: UserId, why?: string): Promise<void> {
    await this.rest.rooms.kick(room, { user, ...reason(why) }, this.append(room));
  }
  async ban(room: RoomId, user: UserId, why?: string): Promise<void> {
    await this.rest.rooms.ban(room, { user, ...reason(why) }, this.append(room));
  }
  async unban(room: RoomId, user: UserId): Promise<void> {
    await this.rest.rooms.unban(room, { user }, this.append(room));
  }
  async mute(room: RoomId, user: UserId, seconds: number, why?: string): Promise<void> {
    await this.rest.rooms.mute(room, { user, seconds, ...reason(why) }, this.append(room));
  }
  async unmute(room: RoomId, user: UserId): Promise<void> {
    await this.rest.rooms.unmute(room, { user }, this.append(room));
  }
  async setRole(room: RoomId, user: UserId, role: Role): Promise<void> {
    await this.rest.rooms.setRole(room, user, role, this.append(room));
  }
  async pin(room: RoomId, target: number, on: boolean): Promise<void> {
    await this.rest.rooms.pin(room, target, on, this.append(room));
  }

  /** Shows the user's own settings of a room at once; a refusal reverts them. */
  async settings(room: RoomId, { seconds, ...change }: { level?: NotificationLevel; seconds?: number; hidden?: boolean }): Promise<void> {
    const before = this.store.core.rooms.get(room)?.entry;
    // A new level ends a mute for some hours.
    const ended = change.level === undefined ? {} : { quiet: null };
    const quiet = seconds === undefined ? ended : { quiet: seconds === 0 ? null : new Date(this.host.now() + seconds * 1_000).toISOString() };
    this.store.dispatch({ type: "room_prefs", room, ...change, ...quiet });
    try {
      await this.rest.rooms.settings(room, { ...change, ...(seconds === undefined ? {} : { quiet_seconds: seconds }) });
    } catch (error) {
      if (before !== undefined) {
        const { level, hidden, quiet_until = null } = before;
        this.store.dispatch({ type: "room_prefs", room, level, quiet: quiet_until, hidden });
      }
      throw error;
    }
  }

  async accept(room: RoomId): Promise<void> {
    await this.rest.rooms.accept(room);
  }
  async ignore(room: RoomId): Promise<void> {
    await this.rest.rooms.ignore(room);
  }

  /** Blocks or unblocks a user. The user log says so, too, but perhaps later than the next message of theirs. */
  async block(user: UserId, on: boolean): Promise<void> {
    await this.rest.rooms.block(user, on);
    const others = [...this.store.core.blocked].filter((one) => one !== user);
    this.store.dispatch({ type: "blocks", users: on ? [...others, user] : others });
  }

  async loadBlocks(): Promise<void> {
    const { items } = await this.rest.rooms.blocks();
    this.store.dispatch({ type: "blocks", users: items.map((user) => user.id) });
  }

  private append(room: RoomId): Append {
    const { rooms, lastAck } = this.store.core;
    return { key: this.ids.next(), seen: Math.max(rooms.get(room)?.head ?? 0, lastAck.get(room) ?? 0) };
  }
}

function reason(why: string | undefined): { why?: string } {
  return why === undefined || why === "" ? {} : { why };
}
