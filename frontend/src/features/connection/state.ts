/** Owns what is shown about the connection, and when. */
import type { ConnectionView } from "@palaver/sdk";
import { QUIET_BREAK_MS } from "../../lib/limits.ts";

export type Said =
  | { readonly kind: "online" | "connecting" | "refused" | "blocked" }
  /** `inSeconds` is null while an attempt is in progress. */
  | { readonly kind: "reconnecting"; readonly inSeconds: number | null };

/** Returns what to show. A disconnect is shown only if it lasts: most end before anyone could read about them. */
export function sayConnection(connection: ConnectionView, now: number): Said {
  switch (connection.status) {
    case "online":
      return { kind: "online" };
    case "refused":
      return { kind: "refused" };
    default: {
      // What an operator has to mend does not pass by itself: a countdown would promise too much.
      if (connection.trouble !== null) return { kind: "blocked" };
      const downFor = connection.downSince === null ? 0 : now - connection.downSince;
      if (downFor < QUIET_BREAK_MS) return { kind: connection.attempt > 1 ? "online" : "connecting" };
      const left = connection.retryAt === null ? null : Math.ceil((connection.retryAt - now) / 1000);
      return { kind: "reconnecting", inSeconds: left !== null && left > 0 ? left : null };
    }
  }
}
