/** Owns the part of the public view that is about the server, the connection to it, and the sessions there. */
import type { Person } from "./types.ts";

/**
 * - `offline`: stopped or signed out, not trying to connect;
 * - `connecting`: the first attempt, or an attempt after a disconnect;
 * - `syncing`: the socket is open and catches up;
 * - `online`: live;
 * - `waiting`: disconnected, next attempt at `retryAt`;
 * - `refused`: the server said not to reconnect (`closeCode`): signed out, banned, too many connections, wrong version.
 */
export type ConnectionStatus = "offline" | "connecting" | "syncing" | "online" | "waiting" | "refused";

/**
 * Why no connection is possible although the server answers, and who must act:
 * - `origin`: the server does not accept pages of this origin; its operator sets `PALAVER_ORIGINS` or `PALAVER_PUBLIC_URL`;
 * - `host`: the server does not know this host name; its operator sets `PALAVER_PUBLIC_URL`;
 * - `socket`: requests pass, but no WebSocket opens: the origin again, or a proxy that passes no WebSockets.
 */
export interface Trouble {
  readonly kind: "origin" | "host" | "socket";
  /** The server's own words; may be empty. */
  readonly message: string;
}

export interface ConnectionView {
  readonly status: ConnectionStatus;
  /** Time (Unix milliseconds) when it last stopped being `online`; null while online. Show "disconnected" only after 2 s. */
  readonly downSince: number | null;
  /** Time (Unix milliseconds) of the next attempt, in `waiting`. */
  readonly retryAt: number | null;
  readonly attempt: number;
  readonly closeCode: number | null;
  /** Name of the server's node that holds the socket. */
  readonly node: string | null;
  /** Number of users online on the server, as far as is known. */
  readonly online: number | null;
  /** Round trip of the last ping that this client sent. */
  readonly latencyMs: number | null;
  /** Why no socket opens, if that will not pass by itself. The attempts go on. */
  readonly trouble: Trouble | null;
}

/**
 * How the last session ended, if the user did not end it here:
 * - `signed_out`: the user, or an admin, ended it from another device;
 * - `expired`: it was not used for too long, or the server no longer knows it;
 * - `other_tab`: the user signed out in another tab.
 */
export interface Ending {
  readonly why: "signed_out" | "expired" | "other_tab";
  /** Whose session it was. Null if nothing of the user may stay on this device. */
  readonly user: Person | null;
}

/** What a server offers to everyone. */
export interface ServerConfig {
  /** Whether people can sign in as guests. */
  readonly guests: boolean;
  /** Whether people can create accounts. */
  readonly registration: boolean;
  /** How to reach the people who run the server, in their own words; null if they did not say. */
  readonly contact: string | null;
  readonly limits: {
    /** Size of the largest file that the server takes. */
    readonly upload_bytes: number;
  };
}

/** What a registration needs at this time. */
export interface Setup {
  /** Whether it must carry the operator's `first_token`: the first account becomes the server's admin. */
  readonly needs_first_token: boolean;
}

export interface SessionInfo {
  readonly id: string;
  readonly createdAt: string;
  readonly lastSeenAt: string | null;
  readonly userAgent: string | null;
  readonly current: boolean;
}
