import type { ConnectionView } from "@palaver/sdk";
import { expect, test } from "vitest";
import { sayConnection } from "./state.ts";

const down = (part: Partial<ConnectionView>): ConnectionView => ({
  status: "waiting",
  downSince: 1_000,
  retryAt: null,
  attempt: 2,
  closeCode: null,
  node: null,
  online: null,
  latencyMs: null,
  trouble: null,
  ...part,
});

test("a disconnect is not shown for two seconds", () => {
  expect(sayConnection(down({ retryAt: 9_000 }), 2_999).kind).toBe("online");
  expect(sayConnection(down({ retryAt: 9_000 }), 3_000)).toEqual({ kind: "reconnecting", inSeconds: 6 });
});

test("the countdown ends in an attempt, not in zero or less", () => {
  expect(sayConnection(down({ retryAt: 9_000 }), 9_001)).toEqual({ kind: "reconnecting", inSeconds: null });
  expect(sayConnection(down({ status: "syncing" }), 9_001)).toEqual({ kind: "reconnecting", inSeconds: null });
});

test("what an operator has to mend is shown at once, instead of a countdown", () => {
  const trouble = { kind: "origin", message: "" } as const;
  expect(sayConnection(down({ retryAt: 9_000, trouble }), 1_001).kind).toBe("blocked");
  expect(sayConnection(down({ status: "connecting", trouble }), 9_001).kind).toBe("blocked");
  expect(sayConnection(down({ status: "online", trouble: null }), 9_001).kind).toBe("online");
});

test("a refusal is shown at once", () => {
  expect(sayConnection(down({ status: "refused", closeCode: 4503 }), 1_001).kind).toBe("refused");
});
