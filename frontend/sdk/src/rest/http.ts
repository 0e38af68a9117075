/**
 * Owns requests of a signed-in person: the token, one renewal after a 401, and the epoch that goes with whatever names a
 * position in a log.
 */
import type { Session } from "../auth/session.js";
import { PalaverError } from "../errors.js";
import type { Host } from "../host/host.js";
import { call, json, problem, type Call } from "./call.js";

/** The position that an append was decided on, and its key: a repeat of the same is recognised. */
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
  constructor(private readonly deps: HttpDeps) {}

  async json<T>(request: Omit<Call, "token">): Promise<T> {
    return json<T>(await this.send(request));
  }

  /** For appends: the key and `seen` (in the query of a PUT or DELETE, which have no body, else in the body). */
  append<T>(request: Omit<Call, "token">, append: Append): Promise<T> {
    const headers = { ...request.headers, "Idempotency-Key": append.key };
    if (request.method === "DELETE" || request.method === "PUT") {
      return this.json({ ...request, headers, query: { ...request.query, seen: append.seen } });
    }
    return this.json({ ...request, headers, body: { ...(request.body as object | undefined), seen: append.seen } });
  }

  async blob(path: string): Promise<Blob> {
    return (await this.send({ method: "GET", path })).blob();
  }

  async upload<T>(
    path: string,
    body: FormData,
    options: { onProgress?: (sent: number, total: number) => void; signal?: AbortSignal },
  ): Promise<T> {
    const { host, baseUrl } = this.deps;
    return this.authorized(async (token) => {
      const answer = await host
        .upload({ url: baseUrl + path, body, headers: { Authorization: `Bearer ${token}` }, ...options })
        .catch((error: unknown) => {
          if (options.signal?.aborted) throw error;
          throw new PalaverError("network", "The upload did not get through. Check your connection and try again.");
        });
      if (answer.status < 200 || answer.status >= 300) throw problem(answer.status, answer.text, answer.retryAfter);
      return JSON.parse(answer.text) as T;
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
