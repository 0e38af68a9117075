/**
 * Owns languages: which there are, which one is used, and `t`.
 * Messages are ICU, parsed at build time (build/catalogs.ts). English is always there; another language loads on demand.
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

/** The text of a message in the language in use. */
export function t(id: MessageId, values?: Record<string, unknown>): string {
  return i18n._(id, values);
}

export function locale(): Locale {
  return i18n.locale as Locale;
}

/** The language chosen on this device, else the first of the browser's that we have. */
export function preferredLocale(stored = read(), wanted: readonly string[] = navigator.languages): Locale {
  for (const tag of stored === null ? wanted : [stored, ...wanted]) {
    const found = LOCALES.find((known) => known === tag.toLowerCase().split("-", 1)[0]);
    if (found !== undefined) return found;
  }
  return "en";
}

/** Loads and uses a language. The caller draws the page anew. */
export async function switchLocale(next: Locale, remember = false): Promise<void> {
  if (next !== "en") {
    const catalog: { default: unknown } = await import(`./catalogs/${next}.json`);
    // What a catalog lacks is shown in English rather than as an id.
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
    // Storage may be blocked: the choice holds until the page is closed.
  }
}
