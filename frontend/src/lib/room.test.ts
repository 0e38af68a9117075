import type { RoomView } from "@palaver/sdk";
import { expect, test } from "vitest";
import { room } from "../../dev/data.ts";
import { sameFields } from "./room.ts";

const before: RoomView = room("r", "Garden");
const busier: RoomView = { ...before, messages: [], unread: 7, head: 90 };

test("a message changes nothing for components that render other fields", () => {
  expect(sameFields(["name", "members"])(before, busier)).toBe(true);
  expect(sameFields(["name", "unread"])(before, busier)).toBe(false);
});

test("a removed room counts as changed, unless its last fields are kept", () => {
  expect(sameFields(["name"])(before, null)).toBe(false);
  expect(sameFields(["name"])(null, null)).toBe(true);
  expect(sameFields(["name"], true)(before, null)).toBe(true);
  expect(sameFields(["name"], true)(null, before)).toBe(false);
});
