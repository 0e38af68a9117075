/**
 * Owns the formatters of `Intl`. Each is made once a language: making one takes up to a millisecond, a thousand times what
 * using it takes, and rows of lists use them. The linter refuses `Intl` and `localeCompare` anywhere else.
 */
import { locale } from "../i18n/index.ts";

const made = new Map<string, unknown>();

function once<T>(key: string, make: (locale: string) => T): T {
  const inLocale = `${locale()} ${key}`;
  let formatter = made.get(inLocale) as T | undefined;
  if (formatter === undefined) {
    formatter = make(locale());
    made.set(inLocale, formatter);
  }
  return formatter;
}

/** The language in use as the browser's settings have it: `en-GB` writes dates and times unlike `en-US`. */
function region(language: string): string {
  const tags = typeof navigator === "undefined" ? [] : navigator.languages;
  return tags.find((tag) => tag.split("-", 1)[0] === language) ?? language;
}

/** Returns what writes a point in time. The same `name` has the same options. */
export function dateTime(name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  return once(`time ${name}`, (language) => new Intl.DateTimeFormat(region(language), options));
}

/** Returns what writes a number. The same `name` has the same options. */
export function number(name: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  return once(`number ${name}`, (language) => new Intl.NumberFormat(language, options));
}

/** Returns what writes "yesterday" and "3 minutes ago". */
export function relativeTime(): Intl.RelativeTimeFormat {
  return once("relative", (language) => new Intl.RelativeTimeFormat(language, { numeric: "auto" }));
}

/** Returns what writes "Ada, Grace and Linus". */
export function conjunction(): Intl.ListFormat {
  return once("list", (language) => new Intl.ListFormat(language, { type: "conjunction" }));
}

/** Compares two names as the language in use sorts them. */
export function compareNames(a: string, b: string): number {
  return once("names", (language) => new Intl.Collator(language)).compare(a, b);
}

/** Returns the first character as people count them, so that an emoji or an accent stays whole; "" of nothing. */
export function firstCharacter(text: string): string {
  const segmenter = once("characters", (language) => new Intl.Segmenter(language));
  for (const { segment } of segmenter.segment(text)) return segment;
  return "";
}
