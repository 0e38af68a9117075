/** Owns the loading and marking of notifications; that new ones arrive is the own log's. */
import type { Rest } from "../rest/rest.js";
import { notificationView } from "../state/own-log.js";
import type { Store } from "./store.js";

const PAGE = 50;
/** How often a page is asked for that notifications change under. */
const ATTEMPTS = 5;

export class Notifications {
  private loading: Promise<void> | null = null;

  constructor(
    private readonly store: Store,
    private readonly rest: Rest,
  ) {}

  /** The first page, or the one after the oldest that is loaded. */
  load(): Promise<void> {
    this.loading ??= this.loadPage().finally(() => {
      this.loading = null;
    });
    return this.loading;
  }

  /** Shown at once; a refusal comes as an error, and the next page shows how it is. */
  async read(id: string): Promise<void> {
    this.store.dispatch({ type: "notification_read", id });
    await this.rest.notifications.read(id);
  }

  async readAll(): Promise<void> {
    this.store.dispatch({ type: "notification_read", id: null });
    await this.rest.notifications.readAll("me");
  }

  async remove(id: string): Promise<void> {
    this.store.dispatch({ type: "notification_gone", id });
    await this.rest.notifications.remove(id);
  }

  private async loadPage(attempts = ATTEMPTS): Promise<void> {
    const { core } = this.store;
    const first = !core.notificationsLoaded;
    const before = core.notificationsNext;
    if (!first && before === null) return;
    const [page, count] = await Promise.all([
      this.rest.notifications.list("me", { limit: PAGE, ...(first || before === null ? {} : { before }) }),
      first ? this.rest.notifications.unreadCount("me") : null,
    ]);
    // The page may be of before: it would show again what was deleted meanwhile.
    if (this.store.core.notificationsRev !== core.notificationsRev && attempts > 1) return this.loadPage(attempts - 1);
    const items = page.items.map(notificationView);
    this.store.dispatch({ type: "notifications", items, next: page.next, unread: count?.unread ?? null });
  }
}
