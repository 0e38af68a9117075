/** Owns what of a file is shown in place: which files move or sound, and how pictures are laid out. Pure, except for what plays. */
import type { FileInfo } from "@palaver/sdk";

/** The server's previews stand still. Of pictures that may move, originals up to this size are shown instead. */
export const MOVING_BYTES = 8 * 1024 * 1024;
/** Sounds and films up to this size load at once; larger ones when they are asked for. */
export const MEDIA_BYTES = 8 * 1024 * 1024;

const MAX_WIDTH = 400;
const MAX_HEIGHT = 300;
const MIN_SIDE = 48;

/** Returns whether the file is a picture: it has dimensions, and browsers can render it. */
export function isPicture(file: FileInfo): boolean {
  return file.type.startsWith("image/") && (file.width ?? 0) > 0 && (file.height ?? 0) > 0;
}

/** Returns whether a picture may move, so that its preview does not show all of it. */
export function mayMove(file: FileInfo): boolean {
  return (file.type === "image/gif" || file.type === "image/webp") && file.size <= MOVING_BYTES;
}

/** Returns how a file is played in place, or null when this browser cannot play it. */
export function playsAs({ type }: Pick<FileInfo, "type">, plays = browserPlays): "audio" | "video" | null {
  const kind = type.startsWith("audio/") ? "audio" : type.startsWith("video/") ? "video" : null;
  return kind !== null && plays(kind, type) ? kind : null;
}

function browserPlays(kind: "audio" | "video", type: string): boolean {
  return document.createElement(kind).canPlayType(type) !== "";
}

/** Returns the size at which a picture is shown, known before it loads, so that nothing moves when it appears. */
export function pictureBox(width: number, height: number): { width: number; height: number } {
  const scale = Math.min(1, MAX_WIDTH / width, MAX_HEIGHT / height);
  return {
    width: Math.max(MIN_SIDE, Math.round(width * scale)),
    height: Math.max(MIN_SIDE, Math.round(height * scale)),
  };
}

/** Returns the columns of a grid of pictures; one picture is no grid. */
export function columns(pictures: number): number {
  if (pictures < 2) return 1;
  return pictures === 2 || pictures === 4 ? 2 : 3;
}
