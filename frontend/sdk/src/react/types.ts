/** Owns the public types of the React hooks. */
import type {
  ConnectionStatus,
  Failure,
  FileInfo,
  MemberView,
  MessageView,
  Outgoing,
  Person,
  RoomView,
  UploadOptions,
  Draft,
} from "../types.ts";

/** What `useChat(room)` returns; `room` is an id or a slug. Functions keep their reference while the room stays the same. */
export interface Chat {
  /** The room, or null while it is loading, or if the user is not in it: `error` then says why. */
  readonly room: RoomView | null;
  /**
   * Why there is nothing to show: `not_found` (there is no such room, or the user may not know of it), `forbidden` (the user is not a
   * member: `join`), or why the newest page could not be loaded. It disappears once the reason does.
   */
  readonly error: Failure | null;
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
  /** Joins the room, so that it can be shown. */
  join(): string;
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
