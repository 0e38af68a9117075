/** Owns a generated picture: a PNG of a sky at sunrise, encoded here so that no binary file is kept in the repository. */
import { crc32, deflateSync } from "node:zlib";

const WIDTH = 64;
const HEIGHT = 48;

/** Returns a valid PNG, 64 × 48, true colour, with a comment if there is one. */
export function picture(comment?: string): Buffer {
  const rows = Buffer.alloc(HEIGHT * (1 + WIDTH * 3));
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      const height = y / HEIGHT;
      rows.set([Math.round(90 + 165 * height), Math.round(120 + 60 * height), Math.round(200 - 120 * height)], y * (1 + WIDTH * 3) + 1 + x * 3);
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(WIDTH, 0);
  header.writeUInt32BE(HEIGHT, 4);
  // Eight bits per channel, true colour, the only compression and filter methods, and no interlacing.
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const text = comment === undefined ? [] : [chunk("tEXt", Buffer.from(`Comment\0${comment}`, "latin1"))];
  return Buffer.concat([signature, chunk("IHDR", header), ...text, chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}

function chunk(kind: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(kind, "ascii"), data]);
  const frame = Buffer.alloc(body.length + 8);
  frame.writeUInt32BE(data.length, 0);
  body.copy(frame, 4);
  frame.writeUInt32BE(crc32(body), body.length + 4);
  return frame;
}
