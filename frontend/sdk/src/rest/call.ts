/** Owns one request and its answer: JSON in, JSON out, and every failure as a `PalaverError`. */
import { PalaverError } from "../errors.ts";
import type { Host } from "../host/host.ts";
import type { ErrorCode } from "../types.ts";

export type Query = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface Call {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly query?: Query;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly token?: string | null;
  readonly signal?: AbortSignal;
}

const NO_ANSWER = "The server cannot be reached. Check your connection and try again.";

/** Sends the request and resolves with the answer if it is a success. */
export async function call(host: Host, baseUrl: string, { method, path, query, body, headers, token, signal }: Call): Promise<Response> {
  const init: RequestInit = {
    method,
    // The refresh token is an HttpOnly cookie of the page's own origin.
    credentials: "same-origin",
    headers: {
      Accept: "application/json",
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...(token == null ? {} : { Authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  };
  let answer: Response;
  try {
    answer = await host.fetch(baseUrl + path + queryString(query), init);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new PalaverError("network", NO_ANSWER);
  }
  if (answer.ok) return answer;
  throw problem(answer.status, await answer.text().catch(() => ""), answer.headers.get("Retry-After"));
}

export async function json<T>(answer: Response): Promise<T> {
  if (answer.status === 204) return undefined as T;
  try {
    return (await answer.json()) as T;
  } catch {
    throw new PalaverError("network", NO_ANSWER, answer.status);
  }
}

/** Parses a problem document (RFC 9457); for a proxy's error page the status decides. */
export function problem(status: number, text: string, retryAfter: string | null): PalaverError {
  let document: Record<string, unknown> = {};
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null) document = parsed as Record<string, unknown>;
  } catch {
    // Not a document of this server: the status decides.
  }
  const code = typeof document.code === "string" ? (document.code as ErrorCode) : codeOf(status);
  const message = typeof document.detail === "string" ? document.detail : NO_ANSWER;
  const retryMs = typeof document.retry_ms === "number" ? document.retry_ms : retryAfter === null ? null : Number(retryAfter) * 1000;
  return new PalaverError(code, message, status, retryMs !== null && Number.isFinite(retryMs) ? retryMs : null, document);
}

function codeOf(status: number): ErrorCode {
  if (status === 401) return "unauthenticated";
  if (status === 403) return "forbidden";
  if (status === 404) return "not_found";
  if (status === 409) return "conflict";
  if (status === 413) return "too_large";
  if (status === 429) return "rate_limited";
  return status >= 500 ? "unavailable" : "bad_request";
}

function queryString(query: Query | undefined): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {})) {
    if (value !== null && value !== undefined) search.set(key, String(value));
  }
  const text = search.toString();
  return text === "" ? "" : `?${text}`;
}
