import type { Person } from "@palaver/sdk";
import { expect, test } from "vitest";
import { fold, matches, rankOf } from "./search.ts";

const person = (name: string, display_name: string | null = null): Person => ({ id: name, name, display_name });
const maria = person("mgomez", "Maria José Gómez-Łuk");

test("a person is found by any part of handle or name, without accents", () => {
  for (const query of [
    "maria",
    "JOSE",
    "gomez",
    "góm",
    "luk".replace("l", "ł"),
    "mgo",
    "ome",
    "ria jo",
    "gomez maria",
    "@mgomez",
    "",
  ]) {
    expect(matches(maria, query), query).toBe(true);
  }
  for (const query of ["mario", "maria x", "gomezz"]) expect(matches(maria, query), query).toBe(false);
  expect(matches(person("zoë"), "zoe")).toBe(true);
  expect(matches(person("petrov", "Иван Петров"), "иван")).toBe(true);
  expect(matches(person("omar", "عمر حداد"), "حداد")).toBe(true);
  expect(matches(person("kim", "김민준"), "민준")).toBe(true);
  expect(matches(person("yuki", "ＹＵＫＩ"), "yuki")).toBe(true);
});

test("a handle that begins with the text is better than a word, and that better than a part", () => {
  expect(rankOf(maria, fold("MG"))).toBe(0);
  expect(rankOf(maria, fold("góm"))).toBe(1);
  expect(rankOf(maria, fold("ome"))).toBe(2);
  expect(rankOf(maria, fold("mariajose"))).toBe(2);
  expect(rankOf(maria, fold("x"))).toBeNull();
});
