/** Owns the ids that a client generates: UUIDv7 (RFC 9562, 5.7), ascending, with a fixed tag in the low 62 bits. */

/** Returns 62 random bits as 16 hex digits with the variant bits set: the last two groups of every id of an outbox. */
export function newTag(random: () => number): string {
  const digits = Array.from({ length: 16 }, () => Math.floor(random() * 16));
  digits[0] = 8 + (digits[0]! & 3);
  return digits.map((digit) => digit.toString(16)).join("");
}

/**
 * Generates ids with one tag, each higher than the one before, even when the clock stands still or goes back. The twelve bits
 * after the version count within a millisecond.
 */
export class IdMaker {
  private readonly tag: string;
  private readonly now: () => number;
  private ms = 0;
  private count = 0;

  /** `lastId` is the last id generated with this tag on an earlier page. */
  constructor(
    tag: string,
    lastId: string | null,
    now: () => number,
  ) {
    this.tag = tag;
    this.now = now;
    if (lastId !== null) {
      const hex = lastId.replaceAll("-", "");
      this.ms = Number.parseInt(hex.slice(0, 12), 16);
      this.count = Number.parseInt(hex.slice(13, 16), 16);
    }
  }

  next(): string {
    const now = Math.floor(this.now());
    if (now > this.ms) {
      this.ms = now;
      this.count = 0;
    } else if (this.count < 0xfff) {
      this.count += 1;
    } else {
      this.ms += 1;
      this.count = 0;
    }
    const ms = this.ms.toString(16).padStart(12, "0");
    const count = this.count.toString(16).padStart(3, "0");
    return `${ms.slice(0, 8)}-${ms.slice(8)}-7${count}-${this.tag.slice(0, 4)}-${this.tag.slice(4)}`;
  }
}
