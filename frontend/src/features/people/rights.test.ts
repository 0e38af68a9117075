import type { MemberView, Role } from "@palaver/sdk";
import { expect, test } from "vitest";
import { grantable, mayActOn } from "./rights.ts";

const member = (role: Role): MemberView => ({ user: { id: "u", name: "u" }, state: "joined", role, mutedUntil: null });

test("a member acts only on members with a lower role", () => {
  expect(mayActOn("moderator", member("member"), "me")).toBe(true);
  expect(mayActOn("moderator", member("moderator"), "me")).toBe(false);
  expect(mayActOn("moderator", member("owner"), "me")).toBe(false);
  expect(mayActOn("member", member("read_only"), "me")).toBe(false);
  expect(mayActOn("owner", member("member"), "u")).toBe(false);
});

test("admins assign roles below their own", () => {
  expect(grantable("moderator")).toEqual([]);
  expect(grantable("admin")).toEqual(["moderator", "member", "read_only"]);
  expect(grantable("owner")).toContain("owner");
});
