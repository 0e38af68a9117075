/** Owns the requests about users and sessions under `/api/auth`; `auth/session.ts` signs in. */
import type { SessionList, UserPage } from "../generated/wire.js";
import type { Http } from "./http.js";

export function peopleApi(http: Http) {
  return {
    find: (prefix: string, limit?: number) =>
      http.json<UserPage>({ method: "GET", path: "/api/auth/users", query: { prefix, limit } }),
    sessions: () => http.json<SessionList>({ method: "GET", path: "/api/auth/sessions" }),
    endSession: (id: string) => http.json<unknown>({ method: "DELETE", path: `/api/auth/sessions/${encodeURIComponent(id)}` }),
  };
}
