/** Owns the state of the connection: the line in the side bar with its details, and the bar when something is wrong. */
import type { ConnectionView } from "@palaver/sdk";
import { useClient, useClientState } from "@palaver/sdk/react";
import { Button as AriaButton } from "react-aria-components";
import { t } from "../../i18n/index.ts";
import { useNow } from "../../lib/hooks.ts";
import { Button } from "../../ui/Button.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { Popup } from "../../ui/Popup.tsx";
import s from "./ConnectionStatus.module.css";
import { type Said, sayConnection } from "./state.ts";

function useSaid(): { said: Said; connection: ConnectionView } {
  const connection = useClientState((state) => state.connection);
  const now = useNow(connection.status === "online" ? null : 250);
  return { said: sayConnection(connection, now), connection };
}

function headline(said: Said, connection: ConnectionView): string {
  switch (said.kind) {
    case "online":
      return connection.online === null ? t("connection.online") : t("connection.people", { n: connection.online });
    case "connecting":
      return t("connection.connecting");
    case "refused":
      return t("connection.refused");
    case "blocked":
      return t("connection.blocked");
    case "reconnecting":
      return said.inSeconds === null ? t("connection.trying") : t("connection.in", { n: said.inSeconds });
  }
}

/** Returns what to announce: without the seconds, which change all the time. */
function steady(said: Said, connection: ConnectionView): string {
  return headline(said.kind === "reconnecting" ? { ...said, inSeconds: null } : said, connection);
}

/** Shows the number of people online in the side bar; opens the details. */
export function ConnectionStatus() {
  const { said, connection } = useSaid();
  const waiting = useClientState((state) => state.outbox.length);
  return (
    <Popup
      trigger={
        <AriaButton
          className={s.line ?? ""}
          data-testid="connection"
          data-status={said.kind}
          aria-label={t("connection.button", { state: steady(said, connection) })}
        >
          <span className={s.dot} data-said={said.kind} />
          <span className={s.text}>{headline(said, connection)}</span>
        </AriaButton>
      }
      label={t("connection.title")}
      placement="top start"
      className={s.popover ?? ""}
      dialogClassName={s.details ?? ""}
    >
      {() => (
        <>
          <h2>{t("connection.title")}</h2>
          <dl>
            <dt>{t("connection.state")}</dt>
            <dd>{said.kind === "online" ? t("connection.online") : headline(said, connection)}</dd>
            <dt>{t("connection.node")}</dt>
            <dd>{connection.node ?? "–"}</dd>
            <dt>{t("connection.peopleOnline")}</dt>
            <dd>{connection.online ?? "–"}</dd>
            <dt>{t("connection.latency")}</dt>
            <dd>{connection.latencyMs === null ? "–" : t("connection.ms", { n: Math.round(connection.latencyMs) })}</dd>
            <dt>{t("connection.outbox")}</dt>
            <dd>{t("connection.waiting", { n: waiting })}</dd>
          </dl>
        </>
      )}
    </Popup>
  );
}

/** Shows a bar above the conversation if a disconnect lasts. It overlays the list, so that nothing below it moves. */
export function ConnectionBar() {
  const { said, connection } = useSaid();
  const waiting = useClientState((state) => state.outbox.filter((change) => change.status === "sending").length);
  const shown = said.kind === "reconnecting" || said.kind === "refused";
  return (
    <>
      <div className="visually-hidden" role="status">
        {shown && (said.kind === "refused" ? refusal(connection.closeCode) : t("connection.trying"))}
      </div>
      {shown && <Bar said={said} connection={connection} waiting={waiting} />}
    </>
  );
}

interface BarProps {
  readonly said: Said;
  readonly connection: ConnectionView;
  readonly waiting: number;
}

/** It counts the seconds, so it is no live region: the state is announced beside it, once. */
function Bar({ said, connection, waiting }: BarProps) {
  const client = useClient();
  return (
    <div className={s.bar} data-testid="connection-bar">
      <Icon name={said.kind === "refused" ? "alert" : "retry"} size={16} />
      <span>
        {said.kind === "refused" && refusal(connection.closeCode)}
        {said.kind === "reconnecting" && headline(said, connection)}
        {waiting > 0 && ` · ${t("connection.outboxBar", { n: waiting })}`}
      </span>
      {(said.kind !== "reconnecting" || said.inSeconds !== null) && (
        <Button small variant="quiet" onPress={() => client.reconnectNow()}>
          {t("connection.now")}
        </Button>
      )}
    </div>
  );
}

function refusal(code: number | null): string {
  switch (code) {
    case 4503:
      return t("connection.banned");
    case 4504:
      return t("connection.tooMany");
    case 4501:
      return t("connection.signedOut");
    default:
      return t("connection.refused");
  }
}
