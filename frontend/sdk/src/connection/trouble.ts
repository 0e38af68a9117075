/** Owns what a refused request tells about a server that does not accept this page. */
import { PalaverError } from "../errors.ts";
import type { Trouble } from "../types.ts";

/** The status of a request for a host name that the server does not know. */
const MISDIRECTED = 421;

/** Returns what the operator has to set so that the server accepts this page; null if the error says nothing about it. */
export function troubleOf(error: unknown): Trouble | null {
  if (!(error instanceof PalaverError)) return null;
  if (error.status === MISDIRECTED) return { kind: "host", message: error.message };
  // A proxy's own refusal has no problem document and says nothing about this server.
  if (error.status === 403 && typeof error.problem.code === "string") return { kind: "origin", message: error.message };
  return null;
}

/** Returns whether the server's own answer at the address of its sockets is that it opens sockets there. */
export function wantsSocket(error: unknown): boolean {
  return error instanceof PalaverError && error.status === 400 && error.code === "bad_request";
}
