/** Owns when to reconnect: exponential backoff with full jitter, so that thousands of clients do not return at once. */

const BASE_MS = 500;
const MAX_MS = 30_000;

/** Returns how long to wait before attempt number `attempt` (1 is the first after a disconnect). */
export function backOff(attempt: number, random: () => number): number {
  return Math.round(random() * Math.min(MAX_MS, BASE_MS * 2 ** Math.min(attempt, 16)));
}

/** The close codes of RFC 6455 for a client that breaks its rules: the next socket would end the same way. */
const BREACHES = [1002, 1007, 1009];

/**
 * Returns whether the server says not to reconnect (4500–4599: protocol, credentials, banned, too many connections; and
 * breaches of RFC 6455).
 */
export function isFinal(code: number): boolean {
  return (code >= 4500 && code <= 4599) || BREACHES.includes(code);
}

export const CLOSE_TOKEN = 4401;
export const CLOSE_DRAINED = 4412;
export const CLOSE_CREDENTIALS = 4501;
