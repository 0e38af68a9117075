/**
 * Owns small choices kept on this device. Storage may be blocked or full: a choice then lasts until the page is closed.
 */

export function recall<T>(key: string, fallback: T): T {
  try {
    const value = localStorage.getItem(`palaver.${key}`);
    return value === null ? fallback : (JSON.parse(value) as T);
  } catch {
    return fallback;
  }
}

export function remember(key: string, value: unknown): void {
  try {
    localStorage.setItem(`palaver.${key}`, JSON.stringify(value));
  } catch {
    // Storage may be blocked or full, see above.
  }
}
