import { describe, expect, it } from "vitest";
import { journaled } from "../src/storage/journal.ts";
import { memoryStorage } from "../src/storage/memory.ts";
import type { UserStore } from "../src/storage/storage.ts";
import { fakeDevice } from "./support/fake-host.ts";
import { item } from "./support/frames.ts";

const PREFIX = "palaver-change:test:u1:";

/** A disk, the device's memory, and pages on them that may be left at any time. */
async function device() {
  const disk = await memoryStorage().open("u1");
  const memory = fakeDevice();
  const page = (over: Partial<UserStore> = {}) => journaled({ ...disk, ...over }, memory(), PREFIX);
  /** A page that is left before its database has stored anything. */
  const left = () => page({ putItem: () => new Promise<void>(() => undefined) });
  const journal = () => memory().keys().filter((key) => key.startsWith(PREFIX));
  return { disk, memory: memory(), page, left, journal };
}

describe("a change on a page that is left before the database has stored it", () => {
  it("is there on the next page of its tab, in order, and stored once", async () => {
    const { disk, page, left, journal } = await device();
    await page().putItem(item("a"));
    const before = left();
    void before.putItem(item("b"));
    void before.putItem(item("c"));
    void before.putItem(item("x", { tag: "t2" }));
    expect((await page().items("t")).map(({ id }) => id)).toEqual(["a", "b", "c"]);
    expect((await disk.items("t")).map(({ id }) => id)).toEqual(["a", "b", "c"]);
    expect(journal()).toEqual([`${PREFIX}t2:x`]);
    expect((await page().items("t2")).map(({ id }) => id)).toEqual(["x"]);
    expect(journal()).toEqual([]);
  });

  it("keeps what is stored if only the last step was missing", async () => {
    const { disk, page, left, journal } = await device();
    void left().putItem(item("a"));
    await disk.putItem(item("a", { seen: 7 }));
    expect(await page().items("t")).toMatchObject([{ id: "a", seen: 7 }]);
    expect(journal()).toEqual([]);
  });

  it("is gone once it was discarded or the user was forgotten", async () => {
    const { memory, page, left, journal } = await device();
    void left().putItem(item("a"));
    void left().putItem(item("b"));
    memory.set("another", "1");
    await page().deleteItem("a");
    expect(journal()).toEqual([`${PREFIX}t:b`]);
    await page().destroy();
    expect(memory.keys()).toEqual(["another"]);
  });

  it("does not stop the page when the journal is damaged", async () => {
    const { memory, page, journal } = await device();
    memory.set(`${PREFIX}t:a`, "{");
    expect(await page().items("t")).toEqual([]);
    expect(journal()).toEqual([]);
  });
});

it("leaves nothing in the journal once a change is stored", async () => {
  const { page, journal } = await device();
  const stored = page().putItem(item("a"));
  expect(journal()).toHaveLength(1);
  await stored;
  expect(journal()).toEqual([]);
});
