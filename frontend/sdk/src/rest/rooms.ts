/** Owns `/api/rooms`: rooms, members, and everything that is done by request only. */
import type {
  Acked,
  BlockList,
  CreateRoom,
  DirectoryPage,
  InviteBody,
  MemberBody,
  MemberPage,
  Role,
  RoomPage,
  RoomSettings,
  RoomView,
  UpdateRoom,
} from "../generated/wire.ts";
import type { Append, Http } from "./http.ts";

export function roomsApi(http: Http) {
  const at = (room: string, rest = "") => `/api/rooms/${encodeURIComponent(room)}${rest}`;
  const post = (room: string, what: string, body: object, append: Append) =>
    http.append<Acked>({ method: "POST", path: at(room, `/${what}`), body }, append);
  return {
    list: (after?: string, limit?: number) => http.json<RoomPage>({ method: "GET", path: "/api/rooms", query: { after, limit } }),
    /** Lists public rooms whose slug or name begins with `prefix`. */
    directory: (prefix?: string, after?: string, limit?: number) =>
      http.json<DirectoryPage>({ method: "GET", path: "/api/rooms/directory", query: { prefix, after, limit } }),
    create: (body: CreateRoom) => http.json<RoomView>({ method: "POST", path: "/api/rooms", body }),
    direct: (user: string) => http.json<RoomView>({ method: "POST", path: "/api/rooms/direct", body: { user } }),
    get: (room: string) => http.json<RoomView>({ method: "GET", path: at(room) }),
    update: (room: string, body: Omit<UpdateRoom, "seen">, append: Append) =>
      http.append<RoomView>({ method: "PATCH", path: at(room), body }, append),
    archive: (room: string, append: Append) => post(room, "archive", {}, append),
    unarchive: (room: string, append: Append) => post(room, "unarchive", {}, append),
    members: (room: string, after?: string, limit?: number) =>
      http.json<MemberPage>({ method: "GET", path: at(room, "/members"), query: { after, limit } }),
    setRole: (room: string, user: string, role: Role, append: Append) =>
      http.append<Acked>({ method: "PATCH", path: at(room, `/members/${encodeURIComponent(user)}`), body: { role } }, append),
    invite: (room: string, body: Omit<InviteBody, "seen">, append: Append) => post(room, "invite", body, append),
    join: (room: string, append: Append) => post(room, "join", {}, append),
    leave: (room: string, append: Append) => post(room, "leave", {}, append),
    kick: (room: string, body: Omit<MemberBody, "seen">, append: Append) => post(room, "kick", body, append),
    ban: (room: string, body: Omit<MemberBody, "seen">, append: Append) => post(room, "ban", body, append),
    unban: (room: string, body: Omit<MemberBody, "seen">, append: Append) => post(room, "unban", body, append),
    mute: (room: string, body: Omit<MemberBody, "seen">, append: Append) => post(room, "mute", body, append),
    unmute: (room: string, body: Omit<MemberBody, "seen">, append: Append) => post(room, "unmute", body, append),
    pin: (room: string, seq: number, on: boolean, append: Append) =>
      http.append<Acked>({ method: on ? "PUT" : "DELETE", path: at(room, `/pins/${seq}`) }, append),
    accept: (room: string) => http.json<unknown>({ method: "POST", path: at(room, "/accept") }),
    ignore: (room: string) => http.json<unknown>({ method: "POST", path: at(room, "/ignore") }),
    blocks: () => http.json<BlockList>({ method: "GET", path: "/api/rooms/blocks" }),
    block: (user: string, on: boolean) =>
      http.json<unknown>({ method: on ? "PUT" : "DELETE", path: `/api/rooms/blocks/${encodeURIComponent(user)}` }),
    settings: (room: string, body: RoomSettings) => http.json<unknown>({ method: "PATCH", path: at(room, "/settings"), body }),
  };
}

