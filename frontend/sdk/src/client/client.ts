/** Owns the façade. This first slice fixes its type; the bodies follow. */
import type { ChatClientApi, ChatClientOptions } from "../chat-client.js";

export type ChatClient = ChatClientApi;

export const ChatClient: new (options?: ChatClientOptions) => ChatClientApi = class {
  constructor() {
    throw new Error("the client's bodies are not in this slice");
  }
} as never;
