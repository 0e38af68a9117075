/** Owns the error that requests reject with. */
import type { ErrorCode } from "./types.js";

/** A request was refused (`code` of the server) or did not get through (`network`). `message` is fit for people. */
export class PalaverError extends Error {
  readonly code: ErrorCode;
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** When to try again, for `rate_limited`, `overloaded`, `unavailable`, `slow_mode`. */
  readonly retryMs: number | null;
  /** The problem document as it came, for fields that this version does not know. */
  readonly problem: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    message: string,
    status = 0,
    retryMs: number | null = null,
    problem: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
    this.name = "PalaverError";
    this.code = code;
    this.status = status;
    this.retryMs = retryMs;
    this.problem = problem;
  }
}
