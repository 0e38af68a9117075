/** Owns requests that change rooms and members. Each append has a key and the head it was decided on. */
import type { Host } from "../host/host.js";
import { IdMaker, newTag } from "../outbox/ids.js";
import type { Append } from "../rest/http.js";
import type { Rest } from "../rest/rest.js";
import type { NotificationLevel, Role, RoomChange, RoomId, UserId } from "../types.js";
import type { Store } from "./store.js";

export class Moderation {
  private readonly ids: IdMaker;

  constructor(
    host: Host,
    private readonly store: Store,
    private readonly rest: Rest,
  ) {
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
  async settings(room: RoomId, change: { level?: NotificationLevel; hidden?: boolean }): Promise<void> {
    const before = this.store.core.rooms.get(room)?.entry;
    this.store.dispatch({ type: "room_prefs", room, ...change });
    try {
      await this.rest.rooms.settings(room, change);
    } catch (error) {
      if (before !== undefined) this.store.dispatch({ type: "room_prefs", room, level: before.level, hidden: before.hidden });
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
