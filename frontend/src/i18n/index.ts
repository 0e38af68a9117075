/**
 * Owns languages: which ones exist, which one is used, and `t`. Messages are ICU, parsed at build time
 * (build/catalogs.ts). English is always loaded; other languages load on demand.
 */
import { setupI18n } from "@lingui/core";
import en from "./catalogs/en.json";

export type MessageId = keyof typeof en;
/** Languages with a catalog. */
export const LOCALES: readonly Locale[] = ["en", "de"];
export type Locale = "en" | "de" | "ar" | "ja";

const RTL: ReadonlySet<Locale> = new Set(["ar"]);
const STORED = "palaver.locale";
const i18n = setupI18n({ locale: "en", messages: { en: en as never } });

/** Returns the text of a message in the current language. */
export function t(id: MessageId, values?: Record<string, unknown>): string {
  return i18n._(id, values);
}

export function locale(): Locale {
  return i18n.locale as Locale;
}

/** Returns the language chosen on this device, else the first of the browser's languages that has a catalog. */
export function preferredLocale(stored = read(), wanted: readonly string[] = navigator.languages): Locale {
  for (const tag of stored === null ? wanted : [stored, ...wanted]) {
    const found = LOCALES.find((known) => known === tag.toLowerCase().split("-", 1)[0]);
    if (found !== undefined) return found;
  }
  return "en";
}

/** Loads a language and switches to it. The caller re-renders the page. */
export async function switchLocale(next: Locale, remember = false): Promise<void> {
  if (next !== "en") {
    const catalog: { default: unknown } = await import(`./catalogs/${next}.json`);
    // Messages missing from a catalog are shown in English rather than as an id.
    i18n.load(next, { ...(en as object), ...(catalog.default as object) } as never);
  }
  i18n.activate(next);
  document.documentElement.lang = next;
  document.documentElement.dir = RTL.has(next) ? "rtl" : "ltr";
  if (remember) write(next);
}

function read(): string | null {
  try {
    return localStorage.getItem(STORED);
  } catch {
    return null;
  }
}

function write(value: Locale): void {
  try {
    localStorage.setItem(STORED, value);
  } catch {
    // Storage may be blocked: the choice then lasts until the page is closed.
  }
}
