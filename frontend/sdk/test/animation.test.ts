import { describe, expect, it } from "vitest";
import { isAnimation } from "../src/client/animation.ts";

const ascii = (text: string) => [...text].map((char) => char.charCodeAt(0));
const frame = [0x21, 0xf9, 4, 0, 10, 0, 0, 0, 0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0];
const gif = (frames: number, extra: readonly number[] = []) =>
  Uint8Array.from([...ascii("GIF89a"), 1, 0, 1, 0, 0x80, 0, 0, 0, 0, 0, 255, 255, 255, ...extra, ...Array.from({ length: frames }, () => frame).flat(), 0x3b]);
const webp = (chunk: string, flags: number) => Uint8Array.from([...ascii("RIFF"), 0, 0, 0, 0, ...ascii("WEBP"), ...ascii(chunk), 10, 0, 0, 0, flags, 0, 0, 0]);

describe("a picture", () => {
  it("moves with two frames or more", () => {
    expect(isAnimation(gif(1))).toBe(false);
    expect(isAnimation(gif(2))).toBe(true);
    expect(isAnimation(gif(9, [0x21, 0xff, 11, ...ascii("NETSCAPE2.0"), 3, 1, 0, 0, 0]))).toBe(true);
    expect(isAnimation(webp("VP8X", 0b10))).toBe(true);
    expect(isAnimation(webp("VP8X", 0b10000))).toBe(false);
    expect(isAnimation(webp("VP8L", 0b10))).toBe(false);
  });

  it("stands still when it is cut off, broken or something else", () => {
    const whole = gif(2);
    for (let length = 0; length < whole.length; length++) expect(() => isAnimation(whole.subarray(0, length))).not.toThrow();
    expect(isAnimation(Uint8Array.from(ascii("RIFF")))).toBe(false);
    expect(isAnimation(new Uint8Array())).toBe(false);
    expect(isAnimation(Uint8Array.from(ascii("%PDF-1.7")))).toBe(false);
  });
});
