/** Owns the browser's notifications: shown while the page is hidden, gone when the message was read, and a click opens it. */
import type { NotificationView } from "@palaver/sdk";
import { useClient } from "@palaver/sdk/react";
import { useEffect, useRef } from "react";
import { isMuted } from "../../lib/counted.ts";
import { News } from "./news.ts";
import { permissionNow } from "./permission.ts";
import { titleOf } from "./words.ts";

/** Another tab, or another device, may show the message at this moment: what is read by then is not announced. */
const READ_WITHIN_MS = 500;

/** Renders nothing and subscribes outside React, because notifications change with each message. */
export function useBrowserNotifications(onOpen: (notification: NotificationView) => void): void {
  const client = useClient();
  const opens = useRef(onOpen);
  useEffect(() => {
    opens.current = onOpen;
  });
  useEffect(() => {
    const news = new News();
    const shown = new Map<string, Notification>();
    const waiting = new Set<ReturnType<typeof setTimeout>>();
    const current = (id: string) => client.getState().notifications.items.find((item) => item.id === id);
    const show = (id: string) => {
      const item = current(id);
      const room = item?.room == null ? undefined : client.getState().rooms.get(item.room);
      if (item === undefined || item.read || !document.hidden || permissionNow() !== "granted") return;
      if (room !== undefined && isMuted(room)) return;
      const made = announce(item, room?.name ?? null);
      if (made === null) return;
      shown.set(id, made);
      made.onclick = () => {
        window.focus();
        made.close();
        client.readNotification(id).catch(() => undefined);
        opens.current(item);
      };
    };
    const look = () => {
      for (const { id } of news.since(client.getState().notifications)) {
        const timer = setTimeout(() => {
          waiting.delete(timer);
          show(id);
        }, READ_WITHIN_MS);
        waiting.add(timer);
      }
      for (const [id, notification] of shown) {
        if (current(id)?.read !== false) {
          shown.delete(id);
          notification.close();
        }
      }
    };
    look();
    const unsubscribe = client.subscribe(look);
    return () => {
      unsubscribe();
      for (const timer of waiting) clearTimeout(timer);
    };
  }, [client]);
}

/** Returns the notification; null where the browser allows them to service workers only. */
function announce(item: NotificationView, place: string | null): Notification | null {
  try {
    // Those with one tag replace each other, in all tabs: the messages of one person are one notification.
    const tag = item.type === "direct" && item.room !== null ? `palaver ${item.room}` : `palaver ${item.id}`;
    return new Notification(titleOf(item, place), { body: item.body, tag, dir: "auto" });
  } catch {
    return null;
  }
}
