/**
 * Owns the text that says why a user cannot write in a room. The server decides; this is shown before the user types.
 */
import type { RoomView } from "@palaver/sdk";
import { t } from "../../i18n/index.ts";
import { clock, full } from "../../lib/format.ts";

/** Returns the reason, or `null` if the user can write. */
export function whyBlocked(room: Pick<RoomView, "archived" | "role" | "mutedUntil">, now: number): string | null {
  if (room.archived) return t("blocked.archived");
  if (room.role === "read_only") return t("blocked.readOnly");
  if (room.mutedUntil !== null && Date.parse(room.mutedUntil) > now) {
    const soon = Date.parse(room.mutedUntil) - now < 12 * 3_600_000;
    return t("blocked.muted", { until: soon ? clock(room.mutedUntil) : full(room.mutedUntil) });
  }
  return null;
}
