/** Owns what `@palaver/sdk` exports. React is in `@palaver/sdk/react`. */
export type * from "./types.js";
export type { ChatClientApi, ChatClientOptions } from "./chat-client.js";
export { PalaverError } from "./errors.js";
export * from "./generated/limits.js";
export { ChatClient } from "./client/client.js";
export type { Host, Socket } from "./host/host.js";
export type { Rest } from "./rest/rest.js";
