/** Owns finding out whether a picture moves, from the first bytes of a GIF or a WebP. */

/** This much of a file is read. The second frame of a GIF is announced within it, unless its first one is larger. */
export const ANIMATION_BYTES = 1024 * 1024;

/** Returns whether the picture has more than one frame. */
export function isAnimation(bytes: Uint8Array): boolean {
  const text = (from: number, length: number) => String.fromCharCode(...bytes.subarray(from, from + length));
  if (text(0, 4) === "RIFF" && text(8, 4) === "WEBP") {
    // The extended header has a flag for animation (WebP container specification, "Extended File Format").
    return text(12, 4) === "VP8X" && ((bytes[20] ?? 0) & 0b10) !== 0;
  }
  return text(0, 4) === "GIF8" && countFrames(bytes) > 1;
}

/** Counts the image descriptors of a GIF, at most two (GIF89a, sections 20 to 26). */
function countFrames(bytes: Uint8Array): number {
  const tableBytes = (flags: number) => ((flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 7) + 1));
  const skipBlocks = (from: number): number => {
    let at = from;
    while (at < bytes.length && bytes[at] !== 0) at += 1 + (bytes[at] ?? 0);
    return at + 1;
  };

  let frames = 0;
  let at = 13 + tableBytes(bytes[10] ?? 0);
  while (at < bytes.length && frames < 2) {
    if (bytes[at] === 0x21) at = skipBlocks(at + 2);
    else if (bytes[at] === 0x2c) {
      frames++;
      at = skipBlocks(at + 11 + tableBytes(bytes[at + 9] ?? 0));
    } else break;
  }
  return frames;
}
