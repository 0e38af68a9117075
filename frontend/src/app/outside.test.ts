import type { ClosedRoom, PendingMessage, RoomLookUp, RoomView } from "@palaver/sdk";
import { expect, test } from "vitest";
import { closedAt, outsideOf, refusedJoin } from "./outside.ts";

const ID = "01a22d84-16d1-732d-b4f3-fb1c94a71268";
const closed = (why: ClosedRoom["why"], kind: ClosedRoom["kind"] = "public"): ClosedRoom => ({
  id: ID,
  slug: "garden",
  name: "Garden",
  kind,
  why,
  reason: "spam",
});
const open = (archived = false): RoomLookUp => ({
  kind: "open",
  room: { id: ID, name: "Garden", description: "", members: 3, head: 9, archived },
});

test("removed, banned, private, archived and wrong links have texts of their own", () => {
  expect(outsideOf("garden", null, closed("kicked"), null)).toMatchObject({
    kind: "kicked",
    name: "Garden",
    joins: true,
  });
  expect(outsideOf(ID, null, closed("kicked", "private"), { kind: "missing" })).toMatchObject({
    kind: "kicked",
    joins: false,
  });
  expect(outsideOf("garden", null, closed("banned"), null)).toMatchObject({ kind: "banned", reason: "spam" });
  expect(outsideOf("garden", null, null, { kind: "banned" })).toMatchObject({ kind: "banned", name: "garden" });
  expect(outsideOf(ID, null, null, { kind: "missing" })).toEqual({ kind: "private" });
  expect(outsideOf("gardne", null, null, { kind: "missing" })).toEqual({ kind: "missing" });
  expect(outsideOf("garden", null, null, open(true))).toEqual({ kind: "archived", name: "Garden" });
  expect(outsideOf("garden", null, null, open())).toMatchObject({ kind: "open" });
  expect(outsideOf("garden", { name: "Garden" } as RoomView, closed("kicked"), null)).toMatchObject({
    kind: "invited",
  });
  expect(outsideOf("garden", null, null, null)).toEqual({ kind: "looking" });
  expect(outsideOf("garden", null, null, "failed")).toEqual({ kind: "unknown" });
});

test("a ban that was lifted does not show", () => {
  expect(outsideOf("garden", null, closed("banned"), open())).toMatchObject({ kind: "open" });
});

test("a closed room and a refused join are found by id and by slug", () => {
  const rooms = new Map([[ID, closed("kicked")]]);
  expect(closedAt(rooms, ID)?.name).toBe("Garden");
  expect(closedAt(rooms, "garden")?.name).toBe("Garden");
  expect(closedAt(rooms, "other")).toBeNull();
  const join = { id: "1", kind: "join", room: ID, status: "failed", failure: { code: "forbidden", message: "no" } };
  const outbox = [{ ...join, id: "0", status: "sending", failure: null }, join] as PendingMessage[];
  expect(refusedJoin(outbox, ["garden", ID])?.id).toBe("1");
  expect(refusedJoin(outbox, ["garden", undefined])).toBeNull();
});
