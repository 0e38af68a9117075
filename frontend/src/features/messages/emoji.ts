/** Owns the emojis that reactions offer, and which of them this user uses most. */
import { recall, remember } from "../../lib/storage.ts";

export const EMOJIS = [
  "👍",
  "❤️",
  "😂",
  "🎉",
  "👀",
  "🙏",
  "✅",
  "🔥",
  "🚀",
  "💯",
  "👏",
  "🙌",
  "😀",
  "😄",
  "😅",
  "😉",
  "😊",
  "😍",
  "🤔",
  "😮",
  "😢",
  "😭",
  "😡",
  "😴",
  "🤝",
  "💪",
  "👋",
  "🤷",
  "🤦",
  "🫡",
  "🥳",
  "🤯",
  "😎",
  "🧐",
  "😬",
  "🙃",
  "👎",
  "❌",
  "⚠️",
  "❓",
  "💡",
  "📌",
  "🐛",
  "☕",
  "🍕",
  "🌱",
  "⭐",
  "💜",
] as const;

const QUICK = 6;
const COUNTS = "emoji";

/** Returns the six most used emojis, filled up with the defaults. */
export function quickEmojis(counts: Readonly<Record<string, number>> = recall(COUNTS, {})): string[] {
  const used = Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([emoji]) => emoji);
  return [...new Set([...used, ...EMOJIS])].slice(0, QUICK);
}

export function countEmoji(emoji: string): void {
  const counts = recall<Record<string, number>>(COUNTS, {});
  remember(COUNTS, { ...counts, [emoji]: (counts[emoji] ?? 0) + 1 });
}

const ONLY_EMOJI =
  /^(?:(?:\p{Regional_Indicator}{2}|[\d#*]\uFE0F?\u20E3|\p{Extended_Pictographic}(?:\uFE0F|\p{Emoji_Modifier})?(?:\u200D\p{Extended_Pictographic}(?:\uFE0F|\p{Emoji_Modifier})?)*)\s*){1,4}$/u;

/** Returns whether a message consists of one to four emojis and nothing else, which is rendered larger. */
export function isEmojiOnly(text: string): boolean {
  return text.length <= 64 && ONLY_EMOJI.test(text.trim());
}

const RUN =
  /(?:\p{Regional_Indicator}{2}|(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F)(?:\p{Emoji_Modifier}|\uFE0F|\u200D\p{Extended_Pictographic})*)+/gu;

/** Splits text into runs of emojis (every second part, from the second on) and the text between them. */
export function emojiRuns(text: string): readonly string[] {
  const parts: string[] = [];
  let from = 0;
  for (const match of text.matchAll(RUN)) {
    parts.push(text.slice(from, match.index), match[0]);
    from = match.index + match[0].length;
  }
  parts.push(text.slice(from));
  return parts;
}
