/** Owns how a measurement reports: one line of JSON for each figure, which `cargo xtask prove` makes a table of. */
import { expect } from "@playwright/test";

export interface Figure {
  readonly prove: string;
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** What the value may be at most, or at least: `≤ 100`. */
  readonly bar: `${"≤" | "≥"} ${number}`;
}

/** Prints the figure with whether it meets its bar. A figure that misses it fails the test at its end. */
export function report({ prove, what, value, unit, bar }: Figure): void {
  const [sign, limit] = bar.split(" ");
  const rounded = Math.round(value * 100) / 100;
  const ok = sign === "≤" ? rounded <= Number(limit) : rounded >= Number(limit);
  console.log(JSON.stringify({ bench: prove, what, value: rounded, unit, bar, ok }));
  expect.soft(ok, `${what}: ${rounded} ${unit}, the bar is ${bar}`).toBe(true);
}
