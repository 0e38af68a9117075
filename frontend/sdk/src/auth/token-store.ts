/**
 * Owns where the session's refresh token is kept if no cookie can hold it: for pages of another origin than the server's, to
 * which a browser sends no cookie, and for Node.
 */

/**
 * Keeps one refresh token. What its methods throw is ignored: the session then lasts as long as the page or process. Anyone who
 * reads the token can act as the user until the session ends, so it belongs into a place that only this application can read.
 */
export interface TokenStore {
  /** Returns the token, or null. */
  load(): string | null | Promise<string | null>;
  /** Replaces the token: each renewal of the session brings a new one, and an old one soon ends the session. */
  save(token: string): void | Promise<void>;
  /** Deletes the token: the session has ended. */
  clear(): void | Promise<void>;
}

/**
 * Keeps the refresh token in the `localStorage` of the page's origin, so that a session survives a reload on another origin than
 * the server's.
 *
 * Every script of that origin can read it, and one that an attacker smuggles in (XSS) can take the session over for as long as
 * it lasts; the HttpOnly cookie of a page on the server's own origin does not have this risk. Use it with a strict
 * Content-Security-Policy. Where storage is forbidden or full, the session lasts as long as the page.
 *
 * @param key under which the token is stored: another one for each server that the origin talks to.
 */
export function localStorageTokens(key = "palaver:refresh-token"): TokenStore {
  return {
    load: () => localStorage.getItem(key),
    save: (token) => localStorage.setItem(key, token),
    clear: () => localStorage.removeItem(key),
  };
}

/** Used where a cookie holds the token, and where nothing else was asked for: it lasts as long as the page or process. */
export function memoryTokens(): TokenStore {
  let kept: string | null = null;
  return {
    load: () => kept,
    save: (token) => {
      kept = token;
    },
    clear: () => {
      kept = null;
    },
  };
}
