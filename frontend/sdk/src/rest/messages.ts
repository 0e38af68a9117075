/** Owns `/api/rooms/{room}/messages`: history, and changes by request for clients without an outbox. */
import type { Acked, Event, MessagePage, ReadView, SendBody } from "../generated/wire.ts";
import type { Append, Http } from "./http.ts";

export interface PageQuery {
  readonly before?: number;
  readonly after?: number;
  readonly limit?: number;
  /** The answer must know at least this head. */
  readonly minSeq?: number;
}

export function messagesApi(http: Http) {
  const base = (room: string) => `/api/rooms/${encodeURIComponent(room)}/messages`;
  return {
    page: (room: string, { before, after, limit, minSeq }: PageQuery) =>
      http.json<MessagePage>({ method: "GET", path: base(room), query: { before, after, limit, min_seq: minSeq } }),
    one: (room: string, seq: number) => http.json<Event>({ method: "GET", path: `${base(room)}/${seq}` }),
    /** The first page begins with the message that started the thread. */
    thread: (room: string, seq: number, { after, limit }: PageQuery = {}) =>
      http.json<MessagePage>({ method: "GET", path: `/api/rooms/${encodeURIComponent(room)}/threads/${seq}`, query: { after, limit } }),
    send: (room: string, body: Omit<SendBody, "seen">, append: Append) =>
      http.append<Acked>({ method: "POST", path: base(room), body }, append),
    edit: (room: string, seq: number, text: string, append: Append) =>
      http.append<Acked>({ method: "PATCH", path: `${base(room)}/${seq}`, body: { text } }, append),
    remove: (room: string, seq: number, append: Append) =>
      http.append<Acked>({ method: "DELETE", path: `${base(room)}/${seq}` }, append),
    react: (room: string, seq: number, emoji: string, on: boolean, append: Append) =>
      http.append<Acked>({ method: "POST", path: `${base(room)}/${seq}/reactions`, body: { emoji, on } }, append),
    read: (room: string, seq: number) =>
      http.json<ReadView>({ method: "POST", path: `/api/rooms/${encodeURIComponent(room)}/read`, body: { seq } }),
  };
}
