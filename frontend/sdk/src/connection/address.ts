/** Owns the socket's URL. */

/** Returns the socket's URL: on the page's own origin unless another server is given. */
export function socketUrl(baseUrl: string): string {
  const base = baseUrl === "" ? (globalThis.location?.origin ?? "") : baseUrl;
  return `${base.replace(/^http/, "ws")}/v1/ws`;
}
