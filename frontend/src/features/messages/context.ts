/**
 * Owns what the rows of a list share. None of it changes while the room is open but for one's rights, so that a row is drawn
 * again only when its own message changes: whatever changes with messages or members, a row reads by itself.
 */
import type { FileInfo, MessageView, Person, RoomId } from "@palaver/sdk";
import { createContext, useContext } from "react";

/** What one can do with a message. The object keeps its identity while the room stays open. */
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
  /** May delete what others wrote, and pin. */
  readonly moderate: boolean;
}

interface RowContext {
  readonly actions: MessageActions;
  readonly rights: Rights;
  readonly room: RoomId;
  readonly me: Person;
  /** Keeps the list still while a menu of a row is open. Returns what ends it. */
  readonly holdForMenu: () => () => void;
}

export const RowContext = createContext<RowContext | null>(null);

export function useRow(): RowContext {
  const context = useContext(RowContext);
  if (context === null) throw new Error("a message must be rendered inside a MessageList");
  return context;
}
