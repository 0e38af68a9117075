/** Owns the button of the notifications with its badge. */
import type { NotificationView } from "@palaver/sdk";
import { useClientState } from "@palaver/sdk/react";
import { t } from "../../i18n/index.ts";
import { isMuted } from "../../lib/counted.ts";
import { badge } from "../../lib/format.ts";
import { IconButton } from "../../ui/Button.tsx";
import { onDemand } from "../../ui/onDemand.tsx";
import { Popup } from "../../ui/Popup.tsx";
import { unreadIn } from "./entries.ts";
import s from "./Notifications.module.css";

const Panel = onDemand(async () => (await import("./Panel.tsx")).Panel);

interface Props {
  /** Shows the message that a notification is about. */
  readonly onOpen: (notification: NotificationView) => void;
}

export function Notifications({ onOpen }: Props) {
  const unread = useClientState(({ notifications, rooms }) => {
    const muted = new Set([...rooms.values()].filter(isMuted).map(({ id }) => id));
    return Math.max(0, notifications.unread - unreadIn(notifications.items, muted));
  });
  const label = unread > 0 ? t("notifications.buttonUnread", { n: unread }) : t("notifications.title");
  return (
    <Popup
      trigger={
        <IconButton icon="bell" label={label} tip={t("notifications.title")}>
          {unread > 0 && (
            <span className={s.badge} aria-hidden="true">
              {badge(unread)}
            </span>
          )}
        </IconButton>
      }
      label={t("notifications.title")}
      placement="bottom end"
      className={s.popover ?? ""}
      dialogClassName={s.panel ?? ""}
      containerPadding={8}
    >
      {(close) => (
        <Panel
          onOpen={(notification) => {
            close();
            onOpen(notification);
          }}
        />
      )}
    </Popup>
  );
}
