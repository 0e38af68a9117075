/**
 * Owns requests of a signed-in user: the token, one renewal after a 401, and the epoch that accompanies every position in a
 * log.
 */
import type { Session } from "../auth/session.ts";
import { PalaverError } from "../errors.ts";
import type { DirectUploadView } from "../generated/wire.ts";
import type { Host, UploadAnswer, UploadRequest } from "../host/host.ts";
import type { UploadOptions } from "../types.ts";
import { call, json, problem, type Call } from "./call.ts";

const NOT_THROUGH = "The upload failed. Check your connection and try again.";

/** The position that an append was decided on, and its key, by which the server recognises a retry. */
export interface Append {
  readonly key: string;
  readonly seen: number;
}

export interface HttpDeps {
  readonly host: Host;
  readonly baseUrl: string;
  readonly session: Session;
  readonly epoch: () => string | null;
}

export class Http {
  private readonly deps: HttpDeps;

  constructor(deps: HttpDeps) {
    this.deps = deps;
  }

  async json<T>(request: Omit<Call, "token">): Promise<T> {
    return json<T>(await this.send(request));
  }

  /** Sends an append: the key and `seen` (in the query of a PUT or DELETE, which have no body, else in the body). */
  append<T>(request: Omit<Call, "token">, append: Append): Promise<T> {
    const headers = { ...request.headers, "Idempotency-Key": append.key };
    if (request.method === "DELETE" || request.method === "PUT") {
      return this.json({ ...request, headers, query: { ...request.query, seen: append.seen } });
    }
    return this.json({ ...request, headers, body: { ...(request.body as object | undefined), seen: append.seen } });
  }

  async blob(path: string): Promise<Blob> {
    const { host, baseUrl } = this.deps;
    // Without headers that would make a browser send a preflight to the file store, where the answer may redirect.
    return (await this.authorized((token) => call(host, baseUrl, { method: "GET", path, token }))).blob();
  }

  async upload<T>(path: string, body: FormData, options: UploadOptions): Promise<T> {
    return this.authorized(async (token) => {
      const answer = await this.sendBody({ url: this.deps.baseUrl + path, body, headers: { Authorization: `Bearer ${token}` }, ...options });
      if (!isSuccess(answer.status)) throw problem(answer.status, answer.text, answer.retryAfter);
      return JSON.parse(answer.text) as T;
    });
  }

  /** Uploads bytes to a URL that carries its own permission: the token is not sent there. */
  async put({ url, headers }: DirectUploadView, body: Blob, options: UploadOptions): Promise<void> {
    const answer = await this.sendBody({ url, method: "PUT", body, headers, ...options });
    // 412 means that an earlier attempt got through; the server checks whether it is complete.
    if (isSuccess(answer.status) || answer.status === 412) return;
    throw new PalaverError(answer.status >= 500 ? "unavailable" : "bad_request", NOT_THROUGH, answer.status);
  }

  private sendBody(request: UploadRequest): Promise<UploadAnswer> {
    return this.deps.host.upload(request).catch((error: unknown) => {
      if (request.signal?.aborted) throw error;
      throw new PalaverError("network", NOT_THROUGH);
    });
  }

  private send(request: Omit<Call, "token">): Promise<Response> {
    const { host, baseUrl, epoch } = this.deps;
    const known = epoch();
    const headers = known === null ? request.headers : { ...request.headers, "Palaver-Epoch": known };
    return this.authorized((token) => call(host, baseUrl, { ...request, ...(headers === undefined ? {} : { headers }), token }));
  }

  private async authorized<T>(work: (token: string) => Promise<T>): Promise<T> {
    const token = await this.deps.session.token();
    try {
      return await work(token);
    } catch (error) {
      if (!(error instanceof PalaverError) || error.status !== 401) throw error;
      return work(await this.deps.session.renew(token));
    }
  }
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}
