/** Owns how times, sizes and numbers are formatted. */
import { locale, t } from "../i18n/index.ts";
import { conjunction, dateTime, number, relativeTime } from "./intl.ts";

/** Formats a time as `14:05`. */
export function clock(at: string): string {
  return dateTime("clock", { hour: "numeric", minute: "2-digit" }).format(new Date(at));
}

/** Formats a time without "AM" or "PM", for a narrow place beside times that have it. */
export function shortClock(at: string): string {
  const parts = dateTime("clock", { hour: "numeric", minute: "2-digit" }).formatToParts(new Date(at));
  return parts
    .filter(({ type }) => type !== "dayPeriod")
    .map(({ value }) => value)
    .join("")
    .trim();
}

/** Formats date and time in full, for a tooltip. */
export function full(at: string): string {
  return dateTime("full", { dateStyle: "full", timeStyle: "medium" }).format(new Date(at));
}

/** Returns the local calendar day as `2026-11-21`: equal for two times on one day. */
export function dayKey(at: string): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`;
}

/** Returns the days from `at` to `now` by the calendar, not by 24 hours. */
function daysAgo(at: string, now: Date): number {
  const date = new Date(at);
  const midnight = (d: Date) => Date.UTC(d.getFullYear(), d.getMonth(), d.getDate());
  return Math.round((midnight(now) - midnight(date)) / 86_400_000);
}

/** Formats a day as "Today", "Yesterday" or "Friday, 20 November"; with the year if it is not the current one. */
export function day(at: string, now = new Date()): string {
  const days = daysAgo(at, now);
  if (days === 0 || days === 1) {
    const word = relativeTime().format(-days, "day");
    return word.charAt(0).toLocaleUpperCase(locale()) + word.slice(1);
  }
  const date = new Date(at);
  return date.getFullYear() === now.getFullYear()
    ? dateTime("day", { weekday: "long", day: "numeric", month: "long" }).format(date)
    : dateTime("dayYear", { weekday: "long", day: "numeric", month: "long", year: "numeric" }).format(date);
}

/** Formats the time since when something waits: the time if today, else with the day. */
export function since(at: string, now = new Date()): string {
  if (daysAgo(at, now) <= 0) return clock(at);
  return dateTime("since", { day: "numeric", month: "short", hour: "numeric", minute: "2-digit" }).format(new Date(at));
}

/** Formats a time briefly for lists: the time if today, the weekday if this week, else the date. */
export function brief(at: string, now = new Date()): string {
  const days = daysAgo(at, now);
  const date = new Date(at);
  if (days <= 0) return clock(at);
  if (days < 7) return dateTime("weekday", { weekday: "short" }).format(date);
  return dateTime("date", { day: "numeric", month: "short" }).format(date);
}

/** Formats a time as "3 minutes ago". */
export function ago(at: string, now = new Date()): string {
  const minutes = Math.round((now.getTime() - new Date(at).getTime()) / 60_000);
  const relative = relativeTime();
  if (minutes < 60) return relative.format(-Math.max(minutes, 0), "minute");
  if (minutes < 1440) return relative.format(-Math.round(minutes / 60), "hour");
  return relative.format(-Math.round(minutes / 1440), "day");
}

/** Units of 1,024: a limit of 1 MiB is 1,048,576 bytes. */
const UNITS = ["size.kib", "size.mib", "size.gib"] as const;

/** Formats a size as `1.4 MiB`. */
export function size(bytes: number): string {
  if (bytes < 1024) {
    return number("byte", { style: "unit", unit: "byte", unitDisplay: "long", maximumFractionDigits: 0 }).format(bytes);
  }
  let power = 0;
  let value = bytes / 1024;
  // By what is shown: 1,048,575 bytes are 1 MiB, not 1,024 KiB.
  while (rounded(value) >= 1024 && power < UNITS.length - 1) {
    value /= 1024;
    power++;
  }
  const n = number("size", { maximumFractionDigits: 1 }).format(rounded(value));
  return t(UNITS[power] ?? "size.gib", { n });
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Formats a count as at most `99+`: a badge has little room. */
export function badge(n: number): string {
  return n > 99 ? "99+" : String(n);
}

/** Joins names into a phrase: "Ada, Grace and Linus". */
export function list(names: readonly string[]): string {
  return conjunction().format(names);
}
