/** Owns that a notification counts as read once its message was read in its room, on any device. */
import { useClient } from "@palaver/sdk/react";
import { useEffect } from "react";

/** Renders nothing and subscribes outside React, because rooms change with each message. */
export function useSeenNotifications(): void {
  const client = useClient();
  useEffect(() => {
    // Each is sent once: the answer arrives through the user log, and a refusal is not worth a retry.
    const asked = new Set<string>();
    const look = () => {
      const { notifications, rooms } = client.getState();
      for (const item of notifications.items) {
        if (item.read || item.room === null || asked.has(item.id)) continue;
        const room = rooms.get(item.room);
        // A notification without a message is an invitation: it is answered once the user has joined.
        if (room === undefined || (item.seq === null ? room.state !== "joined" : room.readSeq < item.seq)) continue;
        asked.add(item.id);
        client.readNotification(item.id).catch(() => undefined);
      }
    };
    look();
    return client.subscribe(look);
  }, [client]);
}
