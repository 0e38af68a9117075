/** Owns the notifications: the button with its badge, and the panel that it opens. */
import type { NotificationView } from "@palaver/sdk";
import { useClient, useClientState } from "@palaver/sdk/react";
import { useEffect, useState } from "react";
import { Dialog, DialogTrigger, Heading, Popover } from "react-aria-components";
import { t } from "../../i18n/index.ts";
import { badge, brief, full } from "../../lib/format.ts";
import { called } from "../../lib/person.ts";
import { Avatar, RoomTile } from "../../ui/Avatar.tsx";
import { Button, IconButton } from "../../ui/Button.tsx";
import { Empty, Skeleton } from "../../ui/Empty.tsx";
import { attempt } from "../../ui/Toasts.tsx";
import s from "./Notifications.module.css";

interface Props {
  /** Shows the message that a notification is about. */
  readonly onOpen: (notification: NotificationView) => void;
}

export function Notifications({ onOpen }: Props) {
  const unread = useClientState((state) => state.notifications.unread);
  const label = unread > 0 ? t("notifications.buttonUnread", { n: unread }) : t("notifications.title");
  return (
    <DialogTrigger>
      <IconButton icon="bell" label={label} tip={t("notifications.title")}>
        {unread > 0 && (
          <span className={s.badge} aria-hidden="true">
            {badge(unread)}
          </span>
        )}
      </IconButton>
      <Popover className={s.popover ?? ""} placement="bottom end" offset={6} containerPadding={8}>
        <Dialog className={s.panel ?? ""}>
          {({ close }) => (
            <Panel
              onOpen={(notification) => {
                close();
                onOpen(notification);
              }}
            />
          )}
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}

function Panel({ onOpen }: Props) {
  const client = useClient();
  const { items, unread, loaded, hasMore } = useClientState((state) => state.notifications);
  const [onlyUnread, setOnlyUnread] = useState(false);
  useEffect(() => {
    if (!loaded) attempt(client.loadNotifications());
  }, [client, loaded]);
  const shown = onlyUnread ? items.filter((item) => !item.read) : items;
  return (
    <>
      <header className={s.head}>
        <Heading slot="title" level={2}>
          {t("notifications.title")}
        </Heading>
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
          {shown.map((item) => (
            <Item key={item.id} item={item} onOpen={onOpen} />
          ))}
        </ul>
        {hasMore && (
          <Button small variant="quiet" onPress={() => attempt(client.loadNotifications())}>
            {t("list.more")}
          </Button>
        )}
      </div>
    </>
  );
}

function Item({ item, onOpen }: { item: NotificationView } & Props) {
  const client = useClient();
  const place = useClientState((state) => (item.room === null ? null : (state.rooms.get(item.room)?.name ?? null)));
  const open = () => {
    if (!item.read) attempt(client.readNotification(item.id));
    onOpen(item);
  };
  return (
    <li className={s.item} data-unread={!item.read || undefined}>
      <button type="button" className={s.open} onClick={open}>
        {item.by === null ? (
          <RoomTile icon="bell" size={32} />
        ) : (
          <Avatar id={item.by.id} name={called(item.by)} size={32} />
        )}
        <span className={s.text}>
          <span className={s.title}>{title(item, place)}</span>
          <span className={s.body} dir="auto">
            {item.body}
          </span>
        </span>
        <time className={s.time} dateTime={item.at} title={full(item.at)}>
          {brief(item.at)}
        </time>
      </button>
      <span className={s.actions}>
        {!item.read && (
          <IconButton
            small
            icon="check"
            size={16}
            label={t("notifications.read")}
            onPress={() => attempt(client.readNotification(item.id))}
          />
        )}
        <IconButton
          small
          icon="close"
          size={16}
          label={t("notifications.delete")}
          onPress={() => attempt(client.deleteNotification(item.id))}
        />
      </span>
    </li>
  );
}

/** Returns what happened, in the current language. A type that this version does not know uses the server's title. */
function title(item: NotificationView, place: string | null): string {
  const name = item.by === null ? null : isolate(called(item.by));
  if (name === null) return item.title;
  if (item.type === "direct") return t("notifications.direct", { name });
  if (place === null) return item.title;
  const values = { name, room: isolate(place) };
  switch (item.type) {
    case "mention":
      return t("notifications.mention", values);
    case "reply":
      return t("notifications.reply", values);
    case "invite":
      return t("notifications.invite", values);
    default:
      return item.title;
  }
}

/**
 * Isolates a name, so that its text direction does not reorder the sentence around it (Unicode's first-strong isolate).
 */
function isolate(name: string): string {
  return `\u2068${name}\u2069`;
}
