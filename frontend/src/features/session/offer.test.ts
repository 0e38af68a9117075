import type { Person } from "@palaver/sdk";
import { expect, test } from "vitest";
import { firstWay, linkOf, waysOf, whoLetsIn, whyEnded } from "./offer.ts";

const offer = (guests: boolean, registration: boolean) => ({ guests, registration, contact: null });
const ada: Person = { id: "u1", name: "ada" };
const gus: Person = { id: "u2", name: "gus", guest: true };

test("a way that the server does not offer has no tab, and the page says who can let one in", () => {
  expect(waysOf(offer(true, true))).toEqual(["guest", "login", "register"]);
  expect(waysOf(offer(false, true))).toEqual(["login", "register"]);
  expect(waysOf(offer(true, false))).toEqual(["guest", "login"]);
  expect(waysOf(offer(false, false))).toEqual(["login"]);
  expect(whoLetsIn(offer(true, true))).toBeNull();
  expect(whoLetsIn(offer(false, true))).toBe("signIn.noGuests");
  expect(whoLetsIn(offer(true, false))).toBe("signIn.noRegistration");
  expect(whoLetsIn(offer(false, false))).toBe("signIn.onlyAccounts");
});

test("somebody whose session has ended signs in again, unless they were a guest", () => {
  const ways = waysOf(offer(true, true));
  expect(firstWay(ways, null)).toBe("guest");
  expect(firstWay(ways, { why: "expired", user: ada })).toBe("login");
  expect(firstWay(ways, { why: "expired", user: gus })).toBe("guest");
  expect(firstWay(waysOf(offer(false, true)), null)).toBe("login");
  expect(whyEnded({ why: "expired", user: ada })).toBe("ended.expired");
  expect(whyEnded({ why: "expired", user: gus })).toBe("ended.guest");
  expect(whyEnded({ why: "signed_out", user: null })).toBe("ended.signedOut");
});

test("a contact that is an address is a link, and any other text is not", () => {
  expect(linkOf("ops@example.org")).toBe("mailto:ops@example.org");
  expect(linkOf(" https://example.org/join ")).toBe("https://example.org/join");
  for (const text of ["Ask Ada in room 3", "javascript:alert(1)", "a@b", "write to ops@example.org", "http://"]) {
    expect(linkOf(text), text).toBeNull();
  }
});
