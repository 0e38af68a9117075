/** Reads the vectors for the tests, which the server's tests read, too: `docs/protocol/text-vectors.json`. */
import { readFileSync } from "node:fs";

interface Vector {
  readonly what: string;
  readonly text: string;
  readonly users?: readonly string[];
  readonly mentions: readonly string[];
  readonly links?: readonly string[];
  readonly visible?: string;
}

const file = new URL("../../../../docs/protocol/text-vectors.json", import.meta.url);
/** The vectors, and the pieces of texts that must not take long. */
export const { vectors, hostile } = JSON.parse(readFileSync(file, "utf8")) as {
  readonly vectors: readonly Vector[];
  readonly hostile: readonly string[];
};
