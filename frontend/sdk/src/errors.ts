/** Owns the error that requests reject with. */
import type { ErrorCode } from "./types.ts";

/** The server refused a request (`code`), or the request did not get through (`network`). `message` can be shown to users. */
export class PalaverError extends Error {
  readonly code: ErrorCode;
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** When to retry after `rate_limited`, `overloaded`, `unavailable` or `slow_mode`. */
  readonly retryMs: number | null;
  /** The problem document as received, for fields that this version does not know. */
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
