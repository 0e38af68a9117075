import type { NotificationView } from "@palaver/sdk";
import { expect, test } from "vitest";
import { News } from "./news.ts";

const item = (n: number, read = false) => ({ id: `k${n}`, at: `2026-11-21T08:00:0${n}Z`, read }) as NotificationView;
const ids = (found: readonly NotificationView[]) => found.map(({ id }) => id);

test("what was there when the page was opened is no news", () => {
  const news = new News();
  expect(ids(news.since({ items: [], loaded: false }))).toEqual([]);
  expect(ids(news.since({ items: [item(3), item(2)], loaded: true }))).toEqual([]);
  expect(ids(news.since({ items: [item(5), item(4), item(3), item(2)], loaded: true }))).toEqual(["k4", "k5"]);
  expect(ids(news.since({ items: [item(5), item(4), item(3), item(2)], loaded: true }))).toEqual([]);
});

test("an older page, and what was read elsewhere, are no news", () => {
  const news = new News();
  news.since({ items: [item(5)], loaded: true });
  expect(ids(news.since({ items: [item(5), item(2), item(1)], loaded: true }))).toEqual([]);
  expect(ids(news.since({ items: [item(6, true), item(5)], loaded: true }))).toEqual([]);
});

test("the first notification of all is news", () => {
  const news = new News();
  news.since({ items: [], loaded: true });
  expect(ids(news.since({ items: [item(1)], loaded: true }))).toEqual(["k1"]);
});
