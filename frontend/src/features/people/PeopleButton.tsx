/** Owns the button in the room's header that shows and hides the panel, with the number of members online. */
import type { RoomId } from "@palaver/sdk";
import { useClientState } from "@palaver/sdk/react";
import { useMemo } from "react";
import { t } from "../../i18n/index.ts";
import { useRoom } from "../../lib/room.ts";
import { Button } from "../../ui/Button.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { countHere } from "./groups.ts";
import s from "./PeoplePanel.module.css";

const FIELDS = ["members"] as const;

interface Props {
  readonly id: RoomId;
  readonly open: boolean;
  readonly onToggle: () => void;
}

export function PeopleButton({ id, open, onToggle }: Props) {
  const { members } = useRoom(id, FIELDS);
  const presence = useClientState((state) => state.presence);
  const me = useClientState((state) => state.me?.id ?? "");
  const here = useMemo(() => countHere(members, presence, me), [members, presence, me]);
  return (
    <span className={s.toggle} data-open={open || undefined}>
      <Button variant="plain" small aria-label={t("people.title")} aria-pressed={open} onPress={onToggle}>
        <Icon name="people" size={18} />
        {here > 0 && <span className={s.online}>{here}</span>}
      </Button>
    </span>
  );
}
