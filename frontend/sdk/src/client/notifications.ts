/** Owns loading and marking notifications; new ones arrive through the user log. */
import type { Rest } from "../rest/rest.ts";
import { notificationView } from "../state/own-log.ts";
import type { Store } from "./store.ts";

const PAGE = 50;
/** How often a page is requested again because notifications changed while it loaded. */
const ATTEMPTS = 5;

export class Notifications {
  private readonly store: Store;
  private readonly rest: Rest;
  private loading: Promise<void> | null = null;

  constructor(
    store: Store,
    rest: Rest,
  ) {
    this.store = store;
    this.rest = rest;
  }

  /** Loads the first page, or the page after the oldest loaded notification. */
  load(): Promise<void> {
    this.loading ??= this.loadPage().finally(() => {
      this.loading = null;
    });
    return this.loading;
  }

  /** Marks it as read at once. A refusal rejects, and the next page shows the server's state. */
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
    // The page may be older than a deletion and would show the deleted notification again.
    if (this.store.core.notificationsRev !== core.notificationsRev && attempts > 1) return this.loadPage(attempts - 1);
    const items = page.items.map(notificationView);
    this.store.dispatch({ type: "notifications", items, next: page.next, unread: count?.unread ?? null });
  }
}
