import { expect, test } from "vitest";
import { handleFrom } from "./handleFrom.ts";

test("a full name in any script becomes a handle", () => {
  for (const [name, handle] of [
    ["Maria Gómez", "mariagomez"],
    ["  Łukasz   Żółć ", "łukaszzołc"],
    ["Jean-Luc O’Neill", "jeanluconeill"],
    ["Иван Петров", "иванпетров"],
    ["محمد علي", "محمدعلي"],
    ["कृष्ण कुमार", "कृष्णकुमार"],
    ["山田 太郎", "山田太郎"],
    ["Dr. Ada Lovelace, PhD.", "dradalovelacephd"],
    ["🦊 Fox", "fox"],
  ]) {
    expect(handleFrom(name ?? ""), name).toBe(handle);
  }
});

test("a name that is a handle stays as it is", () => {
  for (const name of ["bob", "bob-wide", "Zoë", "ada.b", "王芳", "कृष्ण"])
    expect(handleFrom(` ${name} `), name).toBe(name);
});

test("a name without enough letters makes no handle, and a long one is cut", () => {
  for (const name of ["", " ", "!", "x", "🦊", "- -", "._."]) expect(handleFrom(name), name).toBe("");
  expect(handleFrom("a b ".repeat(40))).toHaveLength(32);
  expect(handleFrom(`${"a".repeat(31)} - b`)).toBe(`${"a".repeat(31)}b`);
});
