/** Owns the part of the public view that a user has not finished: drafts, and where they were reading. */
import type { FileInfo } from "./types.ts";

/**
 * The text being written in a room. It is not part of the room's view: each key changes the draft and nothing else of the room.
 */
export interface Draft {
  readonly text: string;
  readonly replyTo: number | null;
  /** Files that are, or will be, uploaded for the message. */
  readonly files: readonly DraftFile[];
  /** The edit in progress. The text and files of the draft wait until it is over. */
  readonly edit: DraftEdit | null;
}

export interface DraftEdit {
  /** `seq` of the message being edited. */
  readonly target: number;
  readonly text: string;
  /** The text when the edit began: an edit without a change is no loss. */
  readonly original: string;
}

export interface DraftFile {
  /** Names the file on this device, where its bytes are kept until the message is sent (`keepFile`). */
  readonly key: string;
  readonly name: string;
  /** Content type that the browser guessed from the name. */
  readonly type: string;
  readonly size: number;
  /** Whether it is uploaded exactly as it is, with the place and camera data of a picture. */
  readonly original: boolean;
  /** The server's record of the file; null until the upload is complete. */
  readonly info: FileInfo | null;
  /** Time of that in milliseconds since 1970: the server removes a file that is not sent within a day. */
  readonly uploadedAt: number | null;
}

/** Where a reader was in a room's history. */
export interface ReadingPosition {
  /** The message at the upper edge. */
  readonly seq: number;
  /** How many pixels of it are above the edge. */
  readonly offset: number;
}
