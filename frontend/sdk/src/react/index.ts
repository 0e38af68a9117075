/** Owns what `@palaver/sdk/react` exports. */
export type { Chat } from "./types.js";
export { ChatProvider, useClient, useClientState } from "./context.js";
export { useChat } from "./use-chat.js";
