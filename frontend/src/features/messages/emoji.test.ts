import { describe, expect, test } from "vitest";
import { emojiRuns, isEmojiOnly, quickEmojis } from "./emoji.ts";

describe("emojis", () => {
  test("a message that contains only emojis is recognised", () => {
    for (const text of ["🎉", "👍🏽 ❤️", "👩‍👩‍👧‍👦", "🇯🇵🇩🇪", "1️⃣"]) expect(isEmojiOnly(text)).toBe(true);
    for (const text of ["", "1", "ok 🎉", "🎉🎉🎉🎉🎉"]) expect(isEmojiOnly(text)).toBe(false);
  });

  test("runs of emojis are separated from text; digits and signs are text", () => {
    expect(emojiRuns("tea ☕ 👍🏽👩‍👩‍👧 ❤️ 1 #1 © done")).toEqual([
      "tea ",
      "☕",
      " ",
      "👍🏽👩‍👩‍👧",
      " ",
      "❤️",
      " 1 #1 © done",
    ]);
    expect(emojiRuns("plain")).toEqual(["plain"]);
  });

  test("the most used come first, and six in all", () => {
    expect(quickEmojis({ "☕": 9, "🍕": 3 })).toEqual(["☕", "🍕", "👍", "❤️", "😂", "🎉"]);
  });
});
