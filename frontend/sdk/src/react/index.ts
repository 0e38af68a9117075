/** Owns what `@palaver/sdk/react` exports. */
export type { Chat } from "./types.ts";
export { ChatProvider, useClient, useClientState } from "./context.ts";
export { useChat } from "./use-chat.ts";
