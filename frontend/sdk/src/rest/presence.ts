/** Owns `/api/presence`, for clients without a socket: a client with a socket need not send heartbeats. */
import type { HeartbeatBody, PresenceEntry, PresenceList, TypingList } from "../generated/wire.ts";
import type { Http } from "./http.ts";

export function presenceApi(http: Http) {
  const at = (user: string, rest = "") => `/api/presence/${encodeURIComponent(user)}${rest}`;
  return {
    /** Call it every 15 s as long as the user is present. */
    heartbeat: (body: HeartbeatBody = {}) => http.json<unknown>({ method: "POST", path: at("me", "/heartbeat"), body }),
    list: (after?: string) => http.json<PresenceList>({ method: "GET", path: "/api/presence", query: { after } }),
    get: (user: string) => http.json<PresenceEntry>({ method: "GET", path: at(user) }),
    gone: () => http.json<unknown>({ method: "DELETE", path: at("me") }),
    typing: (room: string, on: boolean) =>
      http.json<unknown>({ method: on ? "POST" : "DELETE", path: at("me", "/typing"), query: { room_id: room } }),
    whoTypes: (room: string) =>
      http.json<TypingList>({ method: "GET", path: `/api/presence/rooms/${encodeURIComponent(room)}/typing` }),
  };
}
