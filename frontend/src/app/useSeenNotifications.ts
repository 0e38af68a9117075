/** Owns that a notification counts as read once the message it is about was read in its room, wherever that was. */
import { useClient } from "@palaver/sdk/react";
import { useEffect } from "react";

/** Draws nothing, and so listens beside React: rooms change with each message. */
export function useSeenNotifications(): void {
  const client = useClient();
  useEffect(() => {
    // Asked once each: the answer arrives by the own log, and a refusal is not worth repeating.
    const asked = new Set<string>();
    const look = () => {
      const { notifications, rooms } = client.getState();
      for (const item of notifications.items) {
        if (item.read || item.room === null || asked.has(item.id)) continue;
        const room = rooms.get(item.room);
        // One about no message is an invitation: answered when one is in.
        if (room === undefined || (item.seq === null ? room.state !== "joined" : room.readSeq < item.seq)) continue;
        asked.add(item.id);
        client.readNotification(item.id).catch(() => undefined);
      }
    };
    look();
    return client.subscribe(look);
  }, [client]);
}
