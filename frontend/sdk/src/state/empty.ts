/** Owns the view before anything is known. */
import type { ConnectionView, State } from "../types.ts";

/** The state of a client that has not tried to connect. */
export const OFFLINE: ConnectionView = {
  status: "offline",
  downSince: null,
  retryAt: null,
  attempt: 0,
  closeCode: null,
  node: null,
  online: null,
  latencyMs: null,
  trouble: null,
};

export const EMPTY_STATE: State = {
  session: "unknown",
  ended: null,
  durable: true,
  me: null,
  connection: OFFLINE,
  ready: false,
  rooms: new Map(),
  closed: new Map(),
  drafts: new Map(),
  presence: new Map(),
  notifications: { items: [], unread: 0, loaded: false, hasMore: false },
  settings: {},
  blocked: new Set(),
  outbox: [],
};
