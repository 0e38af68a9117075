/** Owns one person in the list of members: name, presence, role, and the menu of actions on them. */
import type { MemberView, Person, PresenceStatus, Role, RoomId } from "@palaver/sdk";
import { memo } from "react";
import { t } from "../../i18n/index.ts";
import { ago } from "../../lib/format.ts";
import { called, handle } from "../../lib/person.ts";
import { Avatar } from "../../ui/Avatar.tsx";
import { type Asked, MemberMenu } from "./MemberMenu.tsx";
import s from "./PeoplePanel.module.css";

interface Props {
  readonly room: RoomId;
  /** Role of the signed-in user in this room. */
  readonly role: Role;
  readonly member: MemberView;
  readonly me: string;
  readonly status: PresenceStatus;
  readonly lastSeen: string | null;
  /** Its position in its list, from 1. The list mounts only some of its rows. */
  readonly position: number;
  readonly of: number;
  /** Whether it has the list's one tab stop. */
  readonly tabStop: boolean;
  readonly onDirect: (person: Person) => void;
  readonly onAsk: (kind: Asked, member: MemberView) => void;
}

/** Re-renders only when its own person changes: a room may have thousands. */
export const PersonRow = memo(function PersonRow(props: Props) {
  const { room, role, member, me, status, lastSeen, position, of, tabStop, onDirect, onAsk } = props;
  return (
    <div
      className={s.member}
      role="listitem"
      aria-posinset={position}
      aria-setsize={of}
      tabIndex={tabStop ? 0 : -1}
      data-status={status}
      data-user={member.user.id}
    >
      <Avatar id={member.user.id} name={called(member.user)} size={32} presence={status} />
      <span className={s.text}>
        <span className={s.name} dir="auto">
          {called(member.user)}
          {member.user.id === me && <span className={s.you}> {t("person.youMark")}</span>}
        </span>
        <span className={s.note}>{note(member, status, lastSeen)}</span>
      </span>
      {member.user.id !== me && (
        <MemberMenu
          room={room}
          role={role}
          member={member}
          self={me}
          tabStop={tabStop}
          onDirect={() => onDirect(member.user)}
          onAsk={(kind) => onAsk(kind, member)}
        />
      )}
    </div>
  );
});

function note(member: MemberView, status: PresenceStatus, lastSeen: string | null): string {
  const parts = [handle(member.user)];
  if (member.role !== "member") parts.push(t(`role.${member.role}`));
  if (member.mutedUntil !== null && Date.parse(member.mutedUntil) > Date.now()) parts.push(t("people.muted"));
  else if (status === "offline" && lastSeen !== null) parts.push(ago(lastSeen));
  return parts.join(" · ");
}
