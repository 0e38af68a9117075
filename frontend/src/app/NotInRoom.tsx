/**
 * Owns what the URL of a room shows to a non-member: an invitation, a public room to join, or that there is no access.
 */
import type { RoomView } from "@palaver/sdk";
import { useClient } from "@palaver/sdk/react";
import { t } from "../i18n/index.ts";
import { Button } from "../ui/Button.tsx";
import { Empty } from "../ui/Empty.tsx";
import { navigate, pathOf } from "./router.ts";

interface Props {
  readonly address: string;
  /** The room if the user is invited to it. */
  readonly invited: RoomView | null;
  readonly onBrowse: () => void;
}

export function NotInRoom({ address, invited, onBrowse }: Props) {
  const client = useClient();
  if (invited !== null) {
    return (
      <Empty icon="invite" title={invited.name} text={t("outside.invited")}>
        <Button variant="primary" onPress={() => client.join(invited.id)}>
          {t("invite.accept")}
        </Button>
        <Button
          onPress={() => {
            client.leave(invited.id);
            navigate(pathOf(null));
          }}
        >
          {t("invite.decline")}
        </Button>
      </Empty>
    );
  }
  return (
    <Empty icon="compass" title={t("outside.title")} text={t("outside.text")}>
      <Button variant="primary" onPress={() => client.join(address)}>
        {t("directory.join")}
      </Button>
      <Button onPress={onBrowse}>{t("shell.find")}</Button>
      <Button variant="quiet" onPress={() => navigate(pathOf(null))}>
        {t("shell.back")}
      </Button>
    </Empty>
  );
}
