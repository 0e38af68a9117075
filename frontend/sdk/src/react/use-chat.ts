/** Owns `useChat`, the hook that a chat window is built on. */
import { useEffect, useMemo, useState } from "react";
import { PalaverError } from "../errors.ts";
import { EMPTY_DRAFT } from "../state/draft.ts";
import type { Draft, Failure, MemberView, MessageView, Person, RoomView, State } from "../types.ts";
import type { Chat } from "./types.ts";
import { useClient, useClientState } from "./context.ts";

const NO_MESSAGES: readonly MessageView[] = [];
const NO_MEMBERS: readonly MemberView[] = [];
const NO_PEOPLE: readonly Person[] = [];

/**
 * Follows one room, by its id or slug: opens it on the first render, and returns its messages and the actions on them. Does not
 * join it.
 */
export function useChat(idOrSlug: string): Chat {
  const client = useClient();
  const view = useClientState((state) => roomOf(state, idOrSlug));
  const room = view?.id ?? idOrSlug;
  const draft = useClientState((state) => state.drafts.get(room) ?? EMPTY_DRAFT);
  const status = useClientState((state) => state.connection.status);
  const known = view !== null;
  const unknown = useUnknownRoom(idOrSlug, known);

  useEffect(() => {
    // A failed page shows as `error`; opening the room again, or the reconnect, retries it.
    if (known) client.openRoom(room).catch(() => undefined);
  }, [client, room, known]);

  const actions = useMemo(
    () => ({
      join: () => client.join(room),
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
      error: view === null ? unknown : view.loadFailure,
      messages: view?.messages ?? NO_MESSAGES,
      members: view?.members ?? NO_MEMBERS,
      typing: view?.typing ?? NO_PEOPLE,
      unread: view?.unread ?? 0,
      hasMore: view?.hasMore ?? false,
      loading: view?.loading ?? unknown === null,
      status,
      draft,
      ...actions,
    }),
    [view, unknown, draft, status, actions],
  );
}

/** Asks the server about a room that the list of rooms lacks. Returns why it is not there, or null as long as that is not known. */
function useUnknownRoom(room: string, known: boolean): Failure | null {
  const client = useClient();
  // Before that the list may lack a room that the user is in.
  const isCurrent = useClientState((state) => state.session === "signed_in" && state.connection.status === "online");
  const [unknown, setUnknown] = useState<{ readonly room: string; readonly failure: Failure } | null>(null);

  useEffect(() => {
    if (known || !isCurrent) return undefined;
    let isAsking = true;
    client.findRoom(room).then(
      () => isAsking && setUnknown(null),
      (error: unknown) => isAsking && setUnknown({ room, failure: failureOf(error) }),
    );
    return () => {
      isAsking = false;
    };
  }, [client, room, known, isCurrent]);

  return unknown?.room === room ? unknown.failure : null;
}

function failureOf(error: unknown): Failure {
  if (error instanceof PalaverError) return { code: error.code, message: error.message };
  return { code: "network", message: "The room cannot be loaded. Try again in a moment." };
}

function roomOf({ rooms }: State, idOrSlug: string): RoomView | null {
  const room = rooms.get(idOrSlug);
  if (room !== undefined) return room;
  for (const other of rooms.values()) if (other.slug === idOrSlug) return other;
  return null;
}
