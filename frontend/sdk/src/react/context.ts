/** Owns how components find the client. */
import { createContext, createElement, useCallback, useContext, useRef, useSyncExternalStore, type ReactElement, type ReactNode } from "react";
import type { ChatClientApi } from "../chat-client.ts";
import type { State } from "../types.ts";

const ClientContext = createContext<ChatClientApi | null>(null);

/** Provides `client` to the hooks below it. The caller starts and stops the client. */
export function ChatProvider({ client, children }: { client: ChatClientApi; children?: ReactNode }): ReactElement {
  return createElement(ClientContext.Provider, { value: client }, children);
}

export function useClient(): ChatClientApi {
  const client = useContext(ClientContext);
  if (client === null) throw new Error("useClient needs a <ChatProvider client={…}> above it");
  return client;
}

/**
 * Re-renders only when what `selector` returns changes (`equal` is `Object.is` by default). Select parts of the state, which
 * keep their references; a selector that builds a new object each time needs its own `equal`.
 */
export function useClientState<T>(selector: (state: State) => T, equal: (a: T, b: T) => boolean = Object.is): T {
  const client = useClient();
  const last = useRef<{ value: T } | null>(null);
  const subscribe = useCallback((listener: () => void) => client.subscribe(listener), [client]);
  const read = () => {
    const value = selector(client.getState());
    if (last.current !== null && equal(last.current.value, value)) return last.current.value;
    last.current = { value };
    return value;
  };
  return useSyncExternalStore(subscribe, read, read);
}
