/**
 * Owns the `Intl` formatters. Each is created once per language: creating one takes up to a millisecond, a thousand
 * times as long as using it, and list rows use them. The linter rejects `Intl` and `localeCompare` anywhere else.
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

/** Returns the current language with the browser's region: `en-GB` formats dates and times unlike `en-US`. */
function region(language: string): string {
  const tags = typeof navigator === "undefined" ? [] : navigator.languages;
  return tags.find((tag) => tag.split("-", 1)[0] === language) ?? language;
}

/** Returns the formatter for dates and times. The same `name` always has the same options. */
export function dateTime(name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  return once(`time ${name}`, (language) => new Intl.DateTimeFormat(region(language), options));
}

/** Returns the formatter for numbers. The same `name` always has the same options. */
export function number(name: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  return once(`number ${name}`, (language) => new Intl.NumberFormat(language, options));
}

/** Returns the formatter for "yesterday" and "3 minutes ago". */
export function relativeTime(): Intl.RelativeTimeFormat {
  return once("relative", (language) => new Intl.RelativeTimeFormat(language, { numeric: "auto" }));
}

/** Returns the formatter for "Ada, Grace and Linus". */
export function conjunction(): Intl.ListFormat {
  return once("list", (language) => new Intl.ListFormat(language, { type: "conjunction" }));
}

/** Compares two names by the sort order of the current language. */
export function compareNames(a: string, b: string): number {
  return once("names", (language) => new Intl.Collator(language)).compare(a, b);
}

/** Returns the first character as people count them, so that an emoji or an accent stays whole; "" for empty text. */
export function firstCharacter(text: string): string {
  const segmenter = once("characters", (language) => new Intl.Segmenter(language));
  for (const { segment } of segmenter.segment(text)) return segment;
  return "";
}
