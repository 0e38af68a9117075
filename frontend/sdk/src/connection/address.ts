/** Owns the socket's URL. */

/** Returns the socket's URL: on the page's own origin unless another server is given. A base that is a path is on that origin. */
export function socketUrl(baseUrl: string): string {
  const isPath = baseUrl === "" || baseUrl.startsWith("/");
  const base = isPath ? (globalThis.location?.origin ?? "") + baseUrl : baseUrl;
  return `${base.replace(/^http/, "ws")}/v1/ws`;
}
