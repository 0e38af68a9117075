/** Owns the made-up sessions of the account menu. */
import type { SessionInfo } from "@palaver/sdk";

export const sessions = (): readonly SessionInfo[] => [
  { id: "1", createdAt: new Date().toISOString(), lastSeenAt: null, userAgent: navigator.userAgent, current: true },
  {
    id: "2",
    createdAt: "2026-11-01T10:00:00Z",
    lastSeenAt: "2026-11-20T10:00:00Z",
    userAgent: "Mozilla/5.0 (iPhone) Version/18.0 Safari/604.1",
    current: false,
  },
];
