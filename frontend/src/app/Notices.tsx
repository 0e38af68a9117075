/** Owns the strip above the panes: calm notes about this device, each shown once and closed by the user. */
import { useClient, useClientState } from "@palaver/sdk/react";
import { type ReactNode, useEffect, useState } from "react";
import { askPermission, dismissOffer, isOfferDue } from "../features/notifications/permission.ts";
import { t } from "../i18n/index.ts";
import { explainTrouble } from "../lib/trouble.ts";
import { Button, IconButton } from "../ui/Button.tsx";
import { Icon, type IconName } from "../ui/Icon.tsx";
import s from "./Notices.module.css";

/** Whether the user has closed the note about storage, which a browser that stores nothing cannot remember longer. */
let isKnown = false;

export function Notices() {
  return (
    <>
      <Blocked />
      <NotDurable />
      <Offer />
    </>
  );
}

/** What an operator has to set. It stays until that is done. */
function Blocked() {
  const client = useClient();
  const trouble = useClientState((state) => state.connection.trouble);
  if (trouble === null) return null;
  return (
    <Notice icon="alert" warns>
      <span>{explainTrouble(trouble)}</span>
      <Button small variant="quiet" onPress={() => client.reconnectNow()}>
        {t("action.retry")}
      </Button>
    </Notice>
  );
}

function NotDurable() {
  const durable = useClientState((state) => state.durable);
  const [closed, setClosed] = useState(isKnown);
  if (durable || closed) return null;
  const close = () => {
    isKnown = true;
    setClosed(true);
  };
  return (
    <Notice icon="alert" onClose={close}>
      {t("notice.notDurable")}
    </Notice>
  );
}

/** The offer of notifications, after the first message that the user sends: somebody who writes waits for an answer. */
function Offer() {
  const sends = useClientState((state) => state.outbox.some(({ kind }) => kind === "send"));
  const [due, setDue] = useState(false);
  useEffect(() => {
    if (sends && isOfferDue()) setDue(true);
  }, [sends]);
  if (!due) return null;
  const close = () => {
    dismissOffer();
    setDue(false);
  };
  return (
    <Notice icon="bell" onClose={close}>
      <span>{t("notify.offer")}</span>
      <Button small variant="primary" onPress={() => void askPermission().then(close)}>
        {t("notify.turnOn")}
      </Button>
    </Notice>
  );
}

interface Props {
  readonly icon: IconName;
  /** If left out, the note stays. */
  readonly onClose?: () => void;
  readonly warns?: boolean;
  readonly children: ReactNode;
}

function Notice({ icon, onClose, warns = false, children }: Props) {
  return (
    <div className={s.notice} data-warns={warns || undefined} role="status">
      <Icon name={icon} size={18} />
      <div className={s.text}>{children}</div>
      {onClose !== undefined && <IconButton small icon="close" size={16} label={t("action.close")} onPress={onClose} />}
    </div>
  );
}
