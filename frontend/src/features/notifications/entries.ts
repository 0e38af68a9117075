/** Owns how notifications become entries of the panel: the direct messages of one person are one entry. */
import type { NotificationView, RoomId } from "@palaver/sdk";

export interface Entry {
  readonly key: string;
  /** The newest first. */
  readonly items: readonly NotificationView[];
  readonly unread: number;
}

/** Groups notifications, which are sorted newest first. An entry stands where its newest notification does. */
export function toEntries(items: readonly NotificationView[]): readonly Entry[] {
  const groups = new Map<string, NotificationView[]>();
  for (const item of items) {
    const key = item.type === "direct" && item.room !== null ? `direct ${item.room}` : item.id;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return [...groups].map(([key, group]) => ({ key, items: group, unread: group.filter(({ read }) => !read).length }));
}

/** Returns the notification that an entry leads to: the first one that is unread, because reading goes on there. */
export function leadOf({ items }: Entry): NotificationView | undefined {
  return items.findLast(({ read }) => !read) ?? items[0];
}

/** Returns the unread notifications of rooms that the user has muted, which do not count. */
export function unreadIn(items: readonly NotificationView[], muted: ReadonlySet<RoomId>): number {
  return items.filter(({ read, room }) => !read && room !== null && muted.has(room)).length;
}
