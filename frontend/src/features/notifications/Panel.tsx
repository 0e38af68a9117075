/** Owns the panel of notifications, which loads when it is first opened. */
import type { NotificationView } from "@palaver/sdk";
import { useClient, useClientState } from "@palaver/sdk/react";
import { useEffect, useMemo, useState } from "react";
import { t } from "../../i18n/index.ts";
import { brief, full } from "../../lib/format.ts";
import { called } from "../../lib/person.ts";
import { useToday } from "../../lib/today.ts";
import { Avatar, RoomTile } from "../../ui/Avatar.tsx";
import { Button, IconButton } from "../../ui/Button.tsx";
import { Empty, Skeleton } from "../../ui/Empty.tsx";
import { attempt } from "../../ui/Toasts.tsx";
import { type Entry, leadOf, toEntries } from "./entries.ts";
import s from "./Notifications.module.css";
import { askPermission, permissionNow } from "./permission.ts";
import { titleOf } from "./words.ts";

interface Props {
  /** Shows the message that a notification is about. */
  readonly onOpen: (notification: NotificationView) => void;
}

export function Panel({ onOpen }: Props) {
  const client = useClient();
  const { items, unread, loaded, hasMore } = useClientState((state) => state.notifications);
  const [onlyUnread, setOnlyUnread] = useState(false);
  useEffect(() => {
    if (!loaded) attempt(client.loadNotifications());
  }, [client, loaded]);
  const entries = useMemo(() => toEntries(items), [items]);
  const shown = onlyUnread ? entries.filter((entry) => entry.unread > 0) : entries;
  return (
    <>
      <header className={s.head}>
        <h2>{t("notifications.title")}</h2>
        <Button small variant="quiet" aria-pressed={onlyUnread} onPress={() => setOnlyUnread(!onlyUnread)}>
          {onlyUnread ? t("notifications.showAll") : t("notifications.onlyUnread")}
        </Button>
        <Button small variant="quiet" isDisabled={unread === 0} onPress={() => attempt(client.readAllNotifications())}>
          {t("notifications.readAll")}
        </Button>
      </header>
      <div className={s.scroll}>
        {!loaded && items.length === 0 && <Skeleton rows={4} />}
        {loaded && shown.length === 0 && (
          <Empty icon="bell" title={t("notifications.none")} text={t("notifications.noneText")} />
        )}
        <ul>
          {shown.map((entry) => (
            <Item key={entry.key} entry={entry} onOpen={onOpen} />
          ))}
        </ul>
        {hasMore && (
          <Button small variant="quiet" onPress={() => attempt(client.loadNotifications())}>
            {t("list.more")}
          </Button>
        )}
      </div>
      <BrowserNotifications />
    </>
  );
}

/** Offers notifications of the browser, where they can be had and are not on. */
function BrowserNotifications() {
  const [permission, setPermission] = useState(permissionNow);
  if (permission === "granted" || permission === "unsupported") return null;
  return (
    <footer className={s.foot}>
      <p>{t(permission === "denied" ? "notify.denied" : "notify.offer")}</p>
      {permission === "default" && (
        <Button small variant="primary" onPress={() => void askPermission().then(setPermission)}>
          {t("notify.turnOn")}
        </Button>
      )}
    </footer>
  );
}

function Item({ entry, onOpen }: { entry: Entry } & Props) {
  const client = useClient();
  const [item] = entry.items;
  const room = item?.room ?? null;
  const place = useClientState((state) => (room === null ? null : (state.rooms.get(room)?.name ?? null)));
  if (item === undefined) return null;
  const unread = entry.items.filter(({ read }) => !read);
  const readAll = () => attempt(Promise.all(unread.map(({ id }) => client.readNotification(id))));
  const open = () => {
    const lead = leadOf(entry) ?? item;
    readAll();
    onOpen(lead);
  };
  return (
    <li className={s.item} data-unread={unread.length > 0 || undefined}>
      <button type="button" className={s.open} onClick={open}>
        {item.by === null ? (
          <RoomTile icon="bell" size={32} />
        ) : (
          <Avatar id={item.by.id} name={called(item.by)} size={32} />
        )}
        <span className={s.text}>
          <span className={s.title}>{titleOf(item, place, unread.length)}</span>
          <span className={s.body} dir="auto">
            {item.body}
          </span>
        </span>
        <time className={s.time} dateTime={item.at} title={full(item.at)}>
          <Brief at={item.at} />
        </time>
      </button>
      <span className={s.actions}>
        {unread.length > 0 && (
          <IconButton small icon="check" size={16} label={t("notifications.read")} onPress={readAll} />
        )}
        <IconButton
          small
          icon="close"
          size={16}
          label={t("notifications.delete")}
          onPress={() => attempt(Promise.all(entry.items.map(({ id }) => client.deleteNotification(id))))}
        />
      </span>
    </li>
  );
}

/** The time of a notification, which says something else after midnight. */
function Brief({ at }: { at: string }) {
  useToday();
  return brief(at);
}
