/** Owns the set of typed requests: one object for each function of the server. */
import { filesApi } from "./files.ts";
import type { Http } from "./http.ts";
import { messagesApi } from "./messages.ts";
import { notificationsApi } from "./notifications.ts";
import { peopleApi } from "./people.ts";
import { presenceApi } from "./presence.ts";
import { roomsApi } from "./rooms.ts";

export function restApi(http: Http) {
  return {
    rooms: roomsApi(http),
    messages: messagesApi(http),
    notifications: notificationsApi(http),
    files: filesApi(http),
    presence: presenceApi(http),
    people: peopleApi(http),
  };
}

export type Rest = ReturnType<typeof restApi>;
