/** Owns the set of typed requests: one object for each function of the server. */
import { filesApi } from "./files.js";
import type { Http } from "./http.js";
import { messagesApi } from "./messages.js";
import { notificationsApi } from "./notifications.js";
import { peopleApi } from "./people.js";
import { presenceApi } from "./presence.js";
import { roomsApi } from "./rooms.js";

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
