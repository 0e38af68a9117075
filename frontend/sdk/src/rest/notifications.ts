/** Owns `/api/notifications`. */
import type { NotificationPage, PostNotification, NotificationView, UnreadCount } from "../generated/wire.ts";
import type { Http } from "./http.ts";

export function notificationsApi(http: Http) {
  const at = (key: string, rest = "") => `/api/notifications/${encodeURIComponent(key)}${rest}`;
  return {
    /** Lists notifications, newest first; `before` is the `next` of the previous page. */
    list: (user: string, query: { unreadOnly?: boolean; limit?: number; before?: string } = {}) =>
      http.json<NotificationPage>({
        method: "GET",
        path: at(user),
        query: { unread_only: query.unreadOnly, limit: query.limit, before: query.before },
      }),
    unreadCount: (user: string) => http.json<UnreadCount>({ method: "GET", path: at(user, "/unread-count") }),
    read: (key: string) => http.json<unknown>({ method: "PATCH", path: at(key, "/read") }),
    readAll: (user: string) => http.json<unknown>({ method: "PATCH", path: at(user, "/read-all") }),
    remove: (key: string) => http.json<unknown>({ method: "DELETE", path: at(key) }),
    /** Posts a notification; for admins and services. */
    post: (body: PostNotification) => http.json<NotificationView>({ method: "POST", path: "/api/notifications", body }),
  };
}
