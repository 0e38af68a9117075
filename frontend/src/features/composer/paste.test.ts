import { expect, test } from "vitest";
import { attachesFiles } from "./paste.ts";

const image = [{ name: "image.png" }];
const report = [{ name: "my report.pdf" }];

test.each([
  ["a picture alone", "", image, true],
  ["a picture that a browser copied with its markup only", "\n", image, true],
  ["text alone", "hello", [], false],
  ["nothing", "", [], false],
  ["cells of a table with their picture", "1\t2\n3\t4", image, false],
  ["a paragraph with its picture", "A paragraph.\r\n", image, false],
  ["a web address with a picture", "https://example.org/image.png", image, false],
  ["a file with its name, as on a Mac", "my report.pdf", report, true],
  ["a file with its path", "/Users/ada/my report.pdf", report, true],
  ["a file with its path on Windows", "C:\\Users\\ada\\my report.pdf", report, true],
  ["a file with its address", "file:///Users/ada/my%20report.pdf\r\n", report, true],
  ["several files with their names", "image.png\rmy report.pdf", [...image, ...report], true],
  ["a text that mentions the file", "see my report.pdf", report, false],
  ["a text that ends with the file's name", "and/or my/my report.pdf", report, false],
  ["an address that cannot be decoded", "file:///%E0%A4%A", report, false],
])("%s", (_what, text, files, attached) => {
  expect(attachesFiles({ text, files })).toBe(attached);
});
