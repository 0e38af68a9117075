import type { MemberView, Person } from "@palaver/sdk";
import { expect, test } from "vitest";
import { guestMark, isAmbiguous } from "./person.ts";

const person = (id: string, name: string, display_name: string | null = null): Person => ({ id, name, display_name });
const members = (...people: Person[]) => people.map((user) => ({ user }) as MemberView);

const ada = person("1", "ada", "Ada Lovelace");
const bob = person("2", "bob");

test("a display name that is another member's handle or display name is ambiguous", () => {
  for (const shown of ["bob", "Bob", "BOB ", "B\u00f3b", "\uff22ob", "Ada Lovelace", "ada lovelace", "ada"]) {
    const eve = person("3", "eve", shown);
    expect(isAmbiguous(eve, members(ada, bob, eve)), shown).toBe(true);
  }
});

test("a person who shares a display name is ambiguous, the one who has it as handle is not", () => {
  const eve = person("3", "eve", "Ada Lovelace");
  const all = members(ada, bob, eve, person("4", "mallory", "Bob"));
  expect(isAmbiguous(ada, all)).toBe(true);
  expect(isAmbiguous(bob, all)).toBe(false);
});

test("a guest is marked, and one whom an older client names as unverified", () => {
  const guest = (id: string): Person => ({ ...person(id, "eve"), guest: true });
  expect(guestMark(ada)).toBeUndefined();
  expect(guestMark(guest("0192f4e0-7c00-7000-8000-000000000002"))).toBe("Guest");
  expect(guestMark(guest("2f3c1f0e-6d1b-5a52-9b1e-0d7c3f6a1b2c"))).toBe("Unverified guest");
});

test("a name that nobody else has is not ambiguous", () => {
  const all = members(ada, bob, person("5", "zoe", "Zo\u00e9"));
  for (const { user } of all) expect(isAmbiguous(user, all), user.name).toBe(false);
  expect(isAmbiguous(ada, [])).toBe(false);
});
