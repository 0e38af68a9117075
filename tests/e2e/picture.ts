/** Owns generated pictures and sounds, such as a PNG of a sky at sunrise, encoded here so that no binary file is kept in the repository. */
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

/** Returns a GIF of two frames, one black and one white, that change ten times a second for ever. */
export function animation(): Buffer {
  const word = (n: number) => [n & 255, n >> 8];
  // Each pixel is followed by a clear code, so that every code has three bits.
  const frame = (colour: number) => {
    const bits = [4, ...Array.from({ length: WIDTH * HEIGHT }, () => [colour, 4]).flat(), 5];
    const bytes: number[] = [];
    bits.forEach((code, at) => {
      for (let bit = 0; bit < 3; bit++) {
        const place = at * 3 + bit;
        bytes[place >> 3] = (bytes[place >> 3] ?? 0) | (((code >> bit) & 1) << (place & 7));
      }
    });
    const blocks: number[] = [];
    for (let at = 0; at < bytes.length; at += 255) {
      const block = bytes.slice(at, at + 255);
      blocks.push(block.length, ...block);
    }
    return [0x21, 0xf9, 4, 0, ...word(10), 0, 0, 0x2c, 0, 0, 0, 0, ...word(WIDTH), ...word(HEIGHT), 0, 2, ...blocks, 0];
  };
  const head = [...Buffer.from("GIF89a"), ...word(WIDTH), ...word(HEIGHT), 0x81, 0, 0, ...[0, 0, 0, 255, 255, 255, 0, 0, 0, 0, 0, 0]];
  const loop = [0x21, 0xff, 11, ...Buffer.from("NETSCAPE2.0"), 3, 1, 0, 0, 0];
  return Buffer.from([...head, ...loop, ...frame(0), ...frame(1), 0x3b]);
}

/** Returns a WAV file: half a second of a quiet tone. */
export function sound(): Buffer {
  const rate = 8_000;
  const samples = Buffer.from(Array.from({ length: rate / 2 }, (_, at) => 128 + Math.round(20 * Math.sin(at / 3))));
  const header = Buffer.alloc(44);
  header.write("RIFF", 0);
  header.writeUInt32LE(36 + samples.length, 4);
  header.write("WAVEfmt ", 8);
  header.writeUInt32LE(16, 16);
  // PCM, one channel, one byte a sample.
  for (const [value, at] of [[1, 20], [1, 22], [1, 32], [8, 34]] as const) header.writeUInt16LE(value, at);
  header.writeUInt32LE(rate, 24);
  header.writeUInt32LE(rate, 28);
  header.write("data", 36);
  header.writeUInt32LE(samples.length, 40);
  return Buffer.concat([header, samples]);
}
