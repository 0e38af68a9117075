/** Owns the view before anything is known. */
import type { State } from "../types.js";

export const EMPTY_STATE: State = {
  session: "unknown",
  me: null,
  connection: {
    status: "offline",
    downSince: null,
    retryAt: null,
    attempt: 0,
    closeCode: null,
    node: null,
    online: null,
    latencyMs: null,
  },
  ready: false,
  rooms: new Map(),
  presence: new Map(),
  notifications: { items: [], unread: 0, loaded: false, hasMore: false },
  settings: {},
  outbox: [],
};
