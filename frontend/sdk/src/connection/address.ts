/** Owns where the socket is. */

/** The socket's address: of the page's own origin where no other server is named. */
export function socketUrl(baseUrl: string): string {
  const base = baseUrl === "" ? (globalThis.location?.origin ?? "") : baseUrl;
  return `${base.replace(/^http/, "ws")}/v1/ws`;
}
