import { expect, test } from "vitest";
import { whyNotSent } from "./refusal.ts";

const fine = { left: 10, blank: false, edited: null, failedFile: null };

test("nothing stands in the way of a text, of files alone, and of an edit that leaves only files", () => {
  expect(whyNotSent(fine)).toBeNull();
  expect(whyNotSent({ ...fine, blank: true })).toBeNull();
  expect(whyNotSent({ ...fine, blank: true, edited: { files: 1 } })).toBeNull();
});

test("a text that is too long says by how much", () => {
  expect(whyNotSent({ ...fine, left: -1 })).toMatch(/one character too long.*4,000/);
  expect(whyNotSent({ ...fine, left: -1_200, edited: { files: 0 } })).toMatch(/1,200 characters too long/);
});

test("an edit without text says what to do instead", () => {
  expect(whyNotSent({ ...fine, blank: true, edited: { files: 0 } })).toMatch(/cannot be empty/);
});

test("a file that failed is named, but does not keep an edit from being saved", () => {
  expect(whyNotSent({ ...fine, failedFile: "a.pdf" })).toMatch(/^a\.pdf could not be uploaded/);
  expect(whyNotSent({ ...fine, failedFile: "a.pdf", edited: { files: 0 } })).toBeNull();
});
