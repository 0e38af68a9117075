/** Owns `useChat`, the hook that a chat window is built on. */
import { useEffect, useMemo } from "react";
import type { Draft, MemberView, MessageView, Person, RoomId } from "../types.js";
import type { Chat } from "./types.js";
import { useClient, useClientState } from "./context.js";

const NO_MESSAGES: readonly MessageView[] = [];
const NO_MEMBERS: readonly MemberView[] = [];
const NO_PEOPLE: readonly Person[] = [];
const NO_DRAFT: Draft = { text: "", replyTo: null };

/** Follows one room: opens it on the first render, and returns its messages and the actions on them. */
export function useChat(room: RoomId): Chat {
  const client = useClient();
  const view = useClientState((state) => state.rooms.get(room) ?? null);
  const draft = useClientState((state) => state.drafts.get(room) ?? NO_DRAFT);
  const status = useClientState((state) => state.connection.status);
  const known = view !== null;

  useEffect(() => {
    // A failed page shows as `loadFailure`; opening the room again, or the reconnect, retries it.
    if (known) client.openRoom(room).catch(() => undefined);
  }, [client, room, known]);

  const actions = useMemo(
    () => ({
      send: (message: Parameters<Chat["send"]>[0]) => client.send(room, message),
      edit: (target: number, text: string) => client.edit(room, target, text),
      remove: (target: number) => client.remove(room, target),
      react: (target: number, emoji: string, on?: boolean) => client.react(room, target, emoji, on),
      setTyping: (on: boolean) => client.typing(room, on),
      loadOlder: () => client.loadOlder(room),
      markRead: (seq?: number) => client.markRead(room, seq),
      retry: (id: string) => client.retry(id),
      discard: (id: string) => client.discard(id),
      setDraft: (draft: Partial<Draft>) => client.setDraft(room, draft),
      upload: ((file, options) => client.upload(room, file, options)) as Chat["upload"],
    }),
    [client, room],
  );

  return useMemo(
    () => ({
      room: view,
      messages: view?.messages ?? NO_MESSAGES,
      members: view?.members ?? NO_MEMBERS,
      typing: view?.typing ?? NO_PEOPLE,
      unread: view?.unread ?? 0,
      hasMore: view?.hasMore ?? false,
      loading: view?.loading ?? true,
      status,
      draft,
      ...actions,
    }),
    [view, draft, status, actions],
  );
}
