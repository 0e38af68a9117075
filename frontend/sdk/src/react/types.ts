/** Owns the public types of the React hooks. */
import type {
  ConnectionStatus,
  FileInfo,
  MemberView,
  MessageView,
  Outgoing,
  Person,
  RoomView,
  UploadOptions,
  Draft,
} from "../types.js";

/** What `useChat(room)` returns. Functions keep their reference while the room stays the same. */
export interface Chat {
  /** The room, or null while it is not known (not joined, or still loading). */
  readonly room: RoomView | null;
  readonly messages: readonly MessageView[];
  readonly members: readonly MemberView[];
  /** People who are typing, without the signed-in user. */
  readonly typing: readonly Person[];
  readonly unread: number;
  readonly hasMore: boolean;
  readonly loading: boolean;
  /** Status of the connection. */
  readonly status: ConnectionStatus;
  readonly draft: Draft;
  send(message: Outgoing | string): string;
  edit(target: number, text: string): string;
  remove(target: number): string;
  react(target: number, emoji: string, on?: boolean): string;
  setTyping(on: boolean): void;
  loadOlder(): Promise<void>;
  markRead(seq?: number): void;
  retry(id: string): string | null;
  discard(id: string): void;
  setDraft(draft: Partial<Draft>): void;
  upload(file: Blob & { readonly name?: string }, options?: UploadOptions): Promise<FileInfo>;
}
