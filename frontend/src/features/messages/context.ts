/**
 * Owns what the rows of a list share. While the room is open, only the user's rights in it can change, so that a row
 * re-renders only when its own message changes: a row reads everything that changes with messages or members itself.
 */
import type { FileInfo, MessageView, Person, RoomId } from "@palaver/sdk";
import { createContext, useContext, useSyncExternalStore } from "react";
import type { ToolbarOwner } from "./toolbarOwner.ts";

/** Actions on a message. The object keeps its identity while the room stays open. */
export interface MessageActions {
  reply(message: MessageView): void;
  edit(message: MessageView): void;
  askDelete(message: MessageView): void;
  react(message: MessageView, emoji: string): void;
  pin(message: MessageView): void;
  copyLink(message: MessageView): void;
  jump(seq: number): void;
  view(file: FileInfo, message: MessageView): void;
  download(file: FileInfo): void;
  retry(id: string): void;
  discard(id: string): void;
}

export interface Rights {
  readonly write: boolean;
  /** Whether the user may delete others' messages, and pin. */
  readonly moderate: boolean;
}

interface RowContext {
  readonly actions: MessageActions;
  readonly rights: Rights;
  readonly room: RoomId;
  readonly me: Person;
  /** Keeps the list still while a menu of a row is open. Returns a function that releases it. */
  readonly holdForMenu: () => () => void;
  readonly toolbar: ToolbarOwner;
  /** Keeps the row of a message mounted while something plays in it; null: no row. */
  readonly keep: (key: string | null) => void;
}

export const RowContext = createContext<RowContext | null>(null);

export function useRow(): RowContext {
  const context = useContext(RowContext);
  if (context === null) throw new Error("a message must be rendered inside a MessageList");
  return context;
}

/** Returns whether the row of a message shows its toolbar. */
export function useShowsToolbar(key: string): boolean {
  const { toolbar } = useRow();
  return useSyncExternalStore(toolbar.subscribe, () => toolbar.key === key);
}
