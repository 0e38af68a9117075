/** Owns generated pictures, so that none has to be kept in the repository. */
import { crc32, deflateSync } from "node:zlib";

/** Draws an evening sky over hills, as a PNG. @param {number} width @param {number} height */
export function sunset(width, height) {
  const rows = Buffer.alloc((width * 3 + 1) * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [r, g, b] = colour(x / width, y / height, width / height);
      const at = y * (width * 3 + 1) + 1 + x * 3;
      rows[at] = r;
      rows[at + 1] = g;
      rows[at + 2] = b;
    }
  }
  return png(width, height, rows);
}

/** @param {number} x @param {number} y @param {number} ratio @returns {[number, number, number]} */
function colour(x, y, ratio) {
  const hills = [
    { top: 0.72 + 0.05 * Math.sin(x * 7 + 1) + 0.02 * Math.sin(x * 19), shade: [86, 58, 104] },
    { top: 0.82 + 0.06 * Math.sin(x * 5 + 4) + 0.015 * Math.sin(x * 23), shade: [52, 38, 78] },
    { top: 0.92 + 0.03 * Math.sin(x * 9), shade: [28, 24, 50] },
  ];
  for (const { top, shade } of hills.toReversed()) if (y > top) return /** @type {[number, number, number]} */ (shade);
  const sun = Math.hypot((x - 0.64) * ratio, y - 0.56);
  if (sun < 0.085) return [255, 236, 190];
  const glow = Math.max(0, 1 - sun / 0.7) ** 2;
  const sky = mix([43, 50, 112], [240, 142, 110], Math.min(1, y / 0.72));
  return mix(sky, [255, 206, 140], glow * 0.8);
}

/** @param {number[]} a @param {number[]} b @param {number} part @returns {[number, number, number]} */
function mix(a, b, part) {
  return /** @type {[number, number, number]} */ (
    a.map((value, i) => Math.round(value + ((b[i] ?? 0) - value) * part))
  );
}

/** @param {number} width @param {number} height @param {Buffer} rows */
function png(width, height, rows) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** @param {string} type @param {Buffer} data */
function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body) >>> 0, body.length + 4);
  return framed;
}
