/** Owns the requests about users and sessions under `/api/auth`; `auth/session.ts` signs in. */
import type { SessionList, UserPage } from "../generated/wire.ts";
import type { Http } from "./http.ts";

export function peopleApi(http: Http) {
  return {
    find: (prefix: string, limit?: number) =>
      http.json<UserPage>({ method: "GET", path: "/api/auth/users", query: { prefix, limit } }),
    /**
     * Finds users by any part of handle or name. A page may be short, or even empty, although another follows. A server of an earlier
     * release knows `prefix` only, which `part` replaces.
     */
    search: (part: string, after?: string, limit?: number) =>
      http.json<UserPage>({ method: "GET", path: "/api/auth/users", query: { part, prefix: part, after, limit } }),
    sessions: () => http.json<SessionList>({ method: "GET", path: "/api/auth/sessions" }),
    endSession: (id: string) => http.json<unknown>({ method: "DELETE", path: `/api/auth/sessions/${encodeURIComponent(id)}` }),
  };
}
