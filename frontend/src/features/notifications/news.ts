/** Owns which notifications are news: what came in since the page was opened, not what an older page brings. */
import type { NotificationsView, NotificationView } from "@palaver/sdk";

export class News {
  private readonly known = new Set<string>();
  /** Time of the newest known notification; null before the first page. */
  private newest: string | null = null;

  /** Returns the notifications that are new since the last call, oldest first. */
  since({ items, loaded }: Pick<NotificationsView, "items" | "loaded">): readonly NotificationView[] {
    const { newest } = this;
    const unknown = items.filter(({ id }) => !this.known.has(id));
    for (const { id } of unknown) this.known.add(id);
    // Before the first page is there, everything in it is as good as seen.
    if (newest === null && !loaded) return [];
    this.newest = items.reduce((last, { at }) => (at > last ? at : last), newest ?? "");
    if (newest === null) return [];
    return unknown.filter(({ at, read }) => !read && at > newest).reverse();
  }
}
