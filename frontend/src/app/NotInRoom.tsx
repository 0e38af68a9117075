/**
 * Owns what the URL of a room shows to a non-member: an invitation, a public room to join, or why there is no access and what
 * one can do.
 */
import type { Failure, RoomLookUp, RoomView } from "@palaver/sdk";
import { useClient, useClientState } from "@palaver/sdk/react";
import { useEffect, useState } from "react";
import { t } from "../i18n/index.ts";
import { explainFailure } from "../lib/errors.ts";
import { Button } from "../ui/Button.tsx";
import { Empty, Skeleton } from "../ui/Empty.tsx";
import { FormError } from "../ui/Field.tsx";
import { closedAt, type Outside, outsideOf, refusedJoin } from "./outside.ts";
import { navigate, pathOf } from "./router.ts";

interface Props {
  readonly address: string;
  /** The room if the user is invited to it. */
  readonly invited: RoomView | null;
  readonly onBrowse: () => void;
}

export function NotInRoom({ address, invited, onBrowse }: Props) {
  const client = useClient();
  const closed = useClientState((state) => closedAt(state.closed, address));
  const outbox = useClientState((state) => state.outbox);
  const [found, setFound] = useState<RoomLookUp | "failed" | null>(null);
  const isInvited = invited !== null;
  useEffect(() => {
    if (isInvited) return;
    let current = true;
    client.lookUpRoom(address).then(
      (answer) => current && setFound(answer),
      () => current && setFound("failed"),
    );
    return () => {
      current = false;
    };
  }, [client, address, isInvited]);

  const outside = outsideOf(address, invited, closed, found);
  const id = outside.kind === "open" || outside.kind === "invited" ? outside.room.id : closed?.id;
  const refused = refusedJoin(outbox, [address, id]);
  const joins = outbox.some(
    ({ kind, room, status }) => kind === "join" && status === "sending" && (room === address || room === id),
  );
  const join = () => {
    if (refused !== null) client.discard(refused.id);
    client.join(id ?? address, outside.kind === "open" ? outside.room.head : undefined);
  };
  const leave = () => navigate(pathOf(null));

  if (outside.kind === "looking") return <Skeleton rows={3} avatar={false} />;
  const { icon, title, text } = words(outside, address);
  const mayJoin = outside.kind === "open" || outside.kind === "unknown" || (outside.kind === "kicked" && outside.joins);
  return (
    <Empty page icon={icon} title={title} text={text}>
      {refused !== null && <FormError text={whyRefused(refused.failure)} />}
      {outside.kind === "invited" && (
        <>
          <Button variant="primary" isDisabled={joins} onPress={join}>
            {t("invite.accept")}
          </Button>
          <Button
            onPress={() => {
              client.leave(outside.room.id);
              leave();
            }}
          >
            {t("invite.decline")}
          </Button>
        </>
      )}
      {mayJoin && (
        <Button variant="primary" isDisabled={joins} onPress={join}>
          {t(outside.kind === "kicked" ? "outside.joinAgain" : "directory.join")}
        </Button>
      )}
      {outside.kind !== "invited" && (
        <>
          <Button onPress={onBrowse}>{t("shell.find")}</Button>
          <Button variant="quiet" onPress={leave}>
            {t("shell.back")}
          </Button>
        </>
      )}
    </Empty>
  );
}

interface Words {
  readonly icon: "invite" | "compass" | "lock" | "alert";
  readonly title: string;
  readonly text: string;
}

function words(outside: Exclude<Outside, { kind: "looking" }>, address: string): Words {
  switch (outside.kind) {
    case "invited":
      return { icon: "invite", title: outside.room.name, text: t("outside.invited") };
    case "open": {
      const { name, description, members } = outside.room;
      const people = t("directory.members", { n: members });
      return { icon: "compass", title: name, text: description === "" ? people : `${people} · ${description}` };
    }
    case "kicked":
    case "banned": {
      const { kind, name, reason, joins } = outside;
      const way = kind === "banned" ? "outside.bannedText" : joins ? "outside.kickedPublic" : "outside.kickedPrivate";
      const said = reason === null ? "" : ` ${t("outside.reason", { reason })}`;
      return { icon: "alert", title: t(`outside.${kind}`, { room: name }), text: t(way) + said };
    }
    case "archived":
      return { icon: "lock", title: outside.name, text: t("outside.archived") };
    case "private":
      return { icon: "lock", title: t("outside.private"), text: t("outside.privateText") };
    case "missing":
      return { icon: "compass", title: t("outside.missing", { room: address }), text: t("outside.missingText") };
    case "unknown":
      return { icon: "compass", title: t("outside.title"), text: t("outside.text") };
  }
}

/** Returns why a join was refused, and what one can do. */
function whyRefused(failure: Failure): string {
  switch (failure.code) {
    case "archived":
      return t("outside.archived");
    case "not_found":
      return t("outside.privateText");
    default:
      // The server says whether the user is banned, or the room or the user's list of rooms is full.
      return explainFailure(failure);
  }
}
