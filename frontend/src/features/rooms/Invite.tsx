/** Owns an invitation in the room list, with its buttons to accept and decline. */
import type { RoomView } from "@palaver/sdk";
import { useClient } from "@palaver/sdk/react";
import { t } from "../../i18n/index.ts";
import { Button } from "../../ui/Button.tsx";
import s from "./Invite.module.css";

export function Invite({ room, onJoined }: { room: RoomView; onJoined: () => void }) {
  const client = useClient();
  return (
    <li className={s.invite}>
      <span className={s.name} dir="auto">
        {room.name}
      </span>
      <span className={s.actions}>
        <Button
          small
          variant="primary"
          aria-label={t("invite.acceptNamed", { name: room.name })}
          onPress={() => {
            client.join(room.id);
            onJoined();
          }}
        >
          {t("invite.accept")}
        </Button>
        <Button small aria-label={t("invite.declineNamed", { name: room.name })} onPress={() => client.leave(room.id)}>
          {t("invite.decline")}
        </Button>
      </span>
    </li>
  );
}
