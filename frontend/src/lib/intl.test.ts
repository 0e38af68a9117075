import { afterEach, expect, test, vi } from "vitest";
import { switchLocale } from "../i18n/index.ts";
import { ago, day, list, size } from "./format.ts";
import { compareNames, dateTime, firstCharacter, relativeTime } from "./intl.ts";
import { initials } from "./person.ts";

vi.stubGlobal("document", { documentElement: {} });

afterEach(() => switchLocale("en"));

test("formatters are created once per language, however often they are used", () => {
  const everything = () => {
    ago("2026-11-20T10:00:00Z");
    day(new Date().toISOString());
    size(1_400_000);
    list(["Ada", "Grace"]);
    initials("Ada Lovelace");
    compareNames("Ada", "Grace");
  };
  everything();
  const kinds = [
    "RelativeTimeFormat",
    "NumberFormat",
    "ListFormat",
    "Segmenter",
    "Collator",
    "DateTimeFormat",
  ] as const;
  const makers = kinds.map((kind) => vi.spyOn(Intl, kind as "NumberFormat"));
  for (let n = 0; n < 100; n++) everything();
  for (const [n, maker] of makers.entries()) expect(maker, kinds[n]).not.toHaveBeenCalled();
  vi.restoreAllMocks();
});

test("each language has its own formatters", async () => {
  const english = relativeTime();
  expect(english.format(-1, "day")).toBe("yesterday");
  expect(dateTime("weekday", { weekday: "long" })).toBe(dateTime("weekday", { weekday: "long" }));
  await switchLocale("de");
  expect(relativeTime().format(-1, "day")).toBe("gestern");
  await switchLocale("en");
  expect(relativeTime()).toBe(english);
});

test("names are sorted as people sort them, and a character is what people call one", () => {
  expect(["Zoë", "ada", "Émile", "Bob"].sort(compareNames)).toEqual(["ada", "Bob", "Émile", "Zoë"]);
  expect(firstCharacter("👩‍🚀 crew")).toBe("👩‍🚀");
  expect(firstCharacter("")).toBe("");
});
