// @vitest-environment jsdom
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { compileMessage } from "@lingui/message-utils/compileMessage";
import { afterEach, describe, expect, test } from "vitest";
import { LOCALES, preferredLocale, switchLocale, t } from "./index.ts";

const FOLDER = join(import.meta.dirname, "catalogs");

/** As it was written: an import would give what the build makes of it. */
function catalog(name: string): Record<string, string> {
  return JSON.parse(readFileSync(join(FOLDER, `${name}.json`), "utf8"));
}

/** The placeholders of a message, at any depth of its plurals. */
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

test("each language that is offered has a catalog, and no catalog is forgotten", () => {
  const files = readdirSync(FOLDER).map((file) => file.replace(".json", ""));
  expect(files.sort()).toEqual([...LOCALES].sort());
});

describe.each(LOCALES.filter((one) => one !== "en"))("the catalog %s", (name) => {
  const other = catalog(name);

  test("says everything that English says, and no more", () => {
    expect(Object.keys(other).sort()).toEqual(Object.keys(en).sort());
  });

  test("uses the same values", () => {
    for (const [id, message] of Object.entries(en)) {
      expect(placeholders(other[id] ?? ""), id).toEqual(placeholders(message));
    }
  });
});

describe("the language in use", () => {
  afterEach(() => switchLocale("en"));

  test("counts by its own rules", async () => {
    expect(t("directory.members", { n: 1 })).toBe("1 member");
    await switchLocale("de");
    expect(t("directory.members", { n: 2 })).toBe("2 Mitglieder");
  });

  test("is the stored one, then the browser's first that we have, then English", () => {
    expect(preferredLocale("de", ["en-GB"])).toBe("de");
    expect(preferredLocale(null, ["fr-FR", "de-AT", "en"])).toBe("de");
    expect(preferredLocale("xx", ["fr"])).toBe("en");
  });
});
