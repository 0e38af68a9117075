/** Owns that a notification counts as read once the message it is about was read in its room, wherever that was. */
import { useClient, useClientState } from "@palaver/sdk/react";
import { useEffect, useRef } from "react";

export function useSeenNotifications(): void {
  const client = useClient();
  const items = useClientState((state) => state.notifications.items);
  const rooms = useClientState((state) => state.rooms);
  // Asked once each: the answer arrives by the own log, and a refusal is not worth repeating.
  const asked = useRef(new Set<string>());
  useEffect(() => {
    for (const item of items) {
      if (item.read || item.room === null || asked.current.has(item.id)) continue;
      const room = rooms.get(item.room);
      // One about no message is an invitation: answered when one is in.
      if (room === undefined || (item.seq === null ? room.state !== "joined" : room.readSeq < item.seq)) continue;
      asked.current.add(item.id);
      client.readNotification(item.id).catch(() => undefined);
    }
  }, [client, items, rooms]);
}
