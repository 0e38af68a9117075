/** Owns how times, sizes and numbers are formatted. */
import { locale } from "../i18n/index.ts";
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

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

/** Formats a size as `1.4 MB`. */
export function size(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log(bytes) / Math.log(1000)), UNITS.length - 1);
  const unit = UNITS[power] ?? "byte";
  return number(unit, {
    style: "unit",
    unit,
    unitDisplay: power === 0 ? "long" : "short",
    maximumFractionDigits: power === 0 ? 0 : 1,
  }).format(bytes / 1000 ** power);
}

/** Formats a count as at most `99+`: a badge has little room. */
export function badge(n: number): string {
  return n > 99 ? "99+" : String(n);
}

/** Joins names into a phrase: "Ada, Grace and Linus". */
export function list(names: readonly string[]): string {
  return conjunction().format(names);
}
