/** Owns the round picture of a person (letters on the person's colour) with their presence, and the tile of a room. */
import type { PresenceStatus } from "@palaver/sdk";
import { t } from "../i18n/index.ts";
import { hue, initials } from "../lib/person.ts";
import s from "./Avatar.module.css";
import { Icon, type IconName } from "./Icon.tsx";

interface Props {
  readonly id: string;
  readonly name: string;
  readonly size?: number;
  /** No dot if left out. */
  readonly presence?: PresenceStatus | undefined;
}

export function Avatar({ id, name, size = 36, presence }: Props) {
  return (
    <span className={s.avatar} style={{ "--size": `${size}px`, "--avatar-hue": hue(id) } as React.CSSProperties}>
      <span className={s.face} aria-hidden="true">
        {initials(name)}
      </span>
      {presence !== undefined && <PresenceDot status={presence} />}
    </span>
  );
}

export function PresenceDot({ status }: { status: PresenceStatus }) {
  return <span className={s.dot} data-presence={status} role="img" aria-label={t(`presence.${status}`)} />;
}

export function RoomTile({ icon, size = 36 }: { icon: IconName; size?: number }) {
  return (
    <span className={s.tile} style={{ "--size": `${size}px` } as React.CSSProperties}>
      <Icon name={icon} size={Math.round(size * 0.5)} />
    </span>
  );
}
