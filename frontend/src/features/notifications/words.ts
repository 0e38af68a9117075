/** Owns how a notification is put into words. */
import type { NotificationView } from "@palaver/sdk";
import { t } from "../../i18n/index.ts";
import { called } from "../../lib/person.ts";

/**
 * Returns what happened, in the current language; `n` is the number of direct messages. A type that this version does not know
 * uses the server's title.
 */
export function titleOf(item: NotificationView, place: string | null, n = 1): string {
  const name = item.by === null ? null : isolate(called(item.by));
  if (name === null) return item.title;
  if (item.type === "direct")
    return n > 1 ? t("notifications.directMany", { name, n }) : t("notifications.direct", { name });
  if (place === null) return item.title;
  const values = { name, room: isolate(place) };
  switch (item.type) {
    case "mention":
      return t("notifications.mention", values);
    case "reply":
      return t("notifications.reply", values);
    case "invite":
      return t("notifications.invite", values);
    case "message":
      return t("notifications.message", values);
    default:
      return item.title;
  }
}

/**
 * Isolates a name, so that its text direction does not reorder the sentence around it (Unicode's first-strong isolate).
 */
function isolate(name: string): string {
  return `\u2068${name}\u2069`;
}
