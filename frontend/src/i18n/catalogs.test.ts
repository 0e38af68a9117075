// @vitest-environment jsdom
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { compileMessage } from "@lingui/message-utils/compileMessage";
import { afterEach, describe, expect, test } from "vitest";
import { LOCALES, preferredLocale, switchLocale, t } from "./index.ts";

const FOLDER = join(import.meta.dirname, "catalogs");

/** Reads the catalog as written: an import would return the compiled form. */
function catalog(name: string): Record<string, string> {
  return JSON.parse(readFileSync(join(FOLDER, `${name}.json`), "utf8"));
}

/** Returns the placeholders of a message, at any depth of its plurals. */
function placeholders(message: string): string[] {
  const found = new Set<string>();
  // A message is a list of texts and of placeholders: `[name]` or `[name, format, branches]`, each branch a message again.
  const collect = (tokens: unknown): void => {
    if (!Array.isArray(tokens)) return;
    for (const token of tokens) {
      if (!Array.isArray(token)) continue;
      found.add(token[0]);
      if (typeof token[2] === "object") Object.values(token[2]).forEach(collect);
    }
  };
  collect(compileMessage(message));
  return [...found].sort();
}

const en = catalog("en");

test("each offered language has a catalog, and each catalog is offered", () => {
  const files = readdirSync(FOLDER).map((file) => file.replace(".json", ""));
  expect(files.sort()).toEqual([...LOCALES].sort());
});

describe.each(LOCALES.filter((one) => one !== "en"))("the catalog %s", (name) => {
  const other = catalog(name);

  test("has exactly the messages of English", () => {
    expect(Object.keys(other).sort()).toEqual(Object.keys(en).sort());
  });

  test("uses the same placeholders", () => {
    for (const [id, message] of Object.entries(en)) {
      expect(placeholders(other[id] ?? ""), id).toEqual(placeholders(message));
    }
  });
});

describe("the language in use", () => {
  afterEach(() => switchLocale("en"));

  test("uses its own plural rules", async () => {
    expect(t("directory.members", { n: 1 })).toBe("1 member");
    await switchLocale("de");
    expect(t("directory.members", { n: 2 })).toBe("2 Mitglieder");
  });

  test("is the stored one, then the browser's first with a catalog, then English", () => {
    expect(preferredLocale("de", ["en-GB"])).toBe("de");
    expect(preferredLocale(null, ["fr-FR", "de-AT", "en"])).toBe("de");
    expect(preferredLocale("xx", ["fr"])).toBe("en");
  });
});
