/** Owns what `@palaver/sdk` exports. React is in `@palaver/sdk/react`. */
export type * from "./types.ts";
export type { ChatClientApi, ChatClientOptions, StartOutcome } from "./chat-client.ts";
export { localStorageTokens, type TokenStore } from "./auth/token-store.ts";
export { PalaverError } from "./errors.ts";
export { EMPTY_DRAFT, isEmptyDraft } from "./state/draft.ts";
export * from "./generated/limits.ts";
export { ChatClient } from "./client/client.ts";
export type { Host, Socket } from "./host/host.ts";
export type { Rest } from "./rest/rest.ts";
