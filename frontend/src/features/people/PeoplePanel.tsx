/** Owns the list of a room's members with their presence and role, and what one may do about each. */
import type { MemberView, Person, PresenceStatus, RoomView } from "@palaver/sdk";
import { useClient, useClientState } from "@palaver/sdk/react";
import { useMemo, useState } from "react";
import { t } from "../../i18n/index.ts";
import { ago } from "../../lib/format.ts";
import { called, handle } from "../../lib/person.ts";
import { Avatar } from "../../ui/Avatar.tsx";
import { Button, IconButton } from "../../ui/Button.tsx";
import { Confirm } from "../../ui/Dialog.tsx";
import { Skeleton } from "../../ui/Empty.tsx";
import { FindPerson } from "../../ui/FindPerson.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { toast } from "../../ui/Toasts.tsx";
import { MemberMenu } from "./MemberMenu.tsx";
import s from "./PeoplePanel.module.css";
import { mayInvite } from "./rights.ts";

interface Props {
  readonly room: RoomView;
  readonly me: Person;
  readonly onClose: () => void;
  readonly onDirect: (person: Person) => void;
}

interface Asked {
  readonly kind: "kick" | "ban";
  readonly member: MemberView;
}

export function PeoplePanel({ room, me, onClose, onDirect }: Props) {
  const client = useClient();
  const presence = useClientState((state) => state.presence);
  const [asked, setAsked] = useState<Asked | null>(null);
  const [inviting, setInviting] = useState(false);
  const statusOf = (user: string): PresenceStatus =>
    user === me.id ? "online" : (presence.get(user)?.status ?? "offline");
  const groups = useMemo(() => {
    const joined = room.members.filter((member) => member.state === "joined");
    joined.sort((a, b) => called(a.user).localeCompare(called(b.user)));
    const here = joined.filter(
      (member) => member.user.id === me.id || (presence.get(member.user.id)?.status ?? "offline") !== "offline",
    );
    return {
      here,
      away: joined.filter((member) => !here.includes(member)),
      invited: room.members.filter((member) => member.state === "invited"),
      banned: room.members.filter((member) => member.state === "banned"),
    };
  }, [room.members, presence, me.id]);

  const row = (member: MemberView) => {
    const status = statusOf(member.user.id);
    const lastSeen = presence.get(member.user.id)?.lastSeen;
    return (
      <li key={member.user.id} className={s.member} data-status={status}>
        <Avatar id={member.user.id} name={called(member.user)} size={32} presence={status} />
        <span className={s.text}>
          <span className={s.name} dir="auto">
            {called(member.user)}
            {member.user.id === me.id && <span className={s.you}> {t("person.youMark")}</span>}
          </span>
          <span className={s.note}>{note(member, status, lastSeen ?? null)}</span>
        </span>
        {member.user.id !== me.id && (
          <MemberMenu
            room={room}
            member={member}
            self={me.id}
            onDirect={() => onDirect(member.user)}
            onAsk={(kind) => setAsked({ kind, member })}
          />
        )}
      </li>
    );
  };

  return (
    <section className={s.panel} aria-label={t("people.title")}>
      <header className={s.head}>
        <h2>{t("people.title")}</h2>
        {mayInvite(room) && <IconButton icon="invite" label={t("people.invite")} onPress={() => setInviting(true)} />}
        <IconButton icon="close" label={t("action.close")} onPress={onClose} />
      </header>
      <div className={s.scroll}>
        {!room.membersLoaded && <Skeleton rows={6} />}
        <Group title={t("people.here", { n: groups.here.length })} members={groups.here} row={row} />
        <Group title={t("people.away", { n: groups.away.length })} members={groups.away} row={row} />
        <Group title={t("people.invited", { n: groups.invited.length })} members={groups.invited} row={row} />
        <Group title={t("people.banned", { n: groups.banned.length })} members={groups.banned} row={row} />
      </div>
      {asked !== null && (
        <Confirm
          title={t(`people.${asked.kind}Title`, { name: called(asked.member.user) })}
          text={t(`people.${asked.kind}Text`, { room: room.name })}
          action={t(`people.${asked.kind}`)}
          onConfirm={() => client[asked.kind](room.id, asked.member.user.id)}
          onClose={() => setAsked(null)}
        />
      )}
      {inviting && (
        <FindPerson
          title={t("invite.title", { room: room.name })}
          action={t("invite.action")}
          named={(name) => t("invite.actionNamed", { name })}
          leaveOut={(person) =>
            room.members.some((member) => member.user.id === person.id && member.state === "joined")
          }
          onPick={async (person) => {
            await client.invite(room.id, person.id);
            toast(t("invite.sent", { name: called(person) }));
            setInviting(false);
          }}
          onClose={() => setInviting(false)}
        />
      )}
    </section>
  );
}

interface GroupProps {
  readonly title: string;
  readonly members: readonly MemberView[];
  readonly row: (member: MemberView) => React.ReactNode;
}

function Group({ title, members, row }: GroupProps) {
  if (members.length === 0) return null;
  return (
    <section className={s.group}>
      <h3>{title}</h3>
      <ul>{members.map(row)}</ul>
    </section>
  );
}

function note(member: MemberView, status: PresenceStatus, lastSeen: string | null): string {
  const parts = [handle(member.user)];
  if (member.role !== "member") parts.push(t(`role.${member.role}`));
  if (member.mutedUntil !== null && Date.parse(member.mutedUntil) > Date.now()) parts.push(t("people.muted"));
  else if (status === "offline" && lastSeen !== null) parts.push(ago(lastSeen));
  return parts.join(" · ");
}

/** The button of the room's header that shows and hides the panel. */
export function PeopleButton({ room, open, onToggle }: { room: RoomView; open: boolean; onToggle: () => void }) {
  const online = useClientState((state) =>
    room.members.reduce(
      (n, member) =>
        n +
        (member.state === "joined" &&
        (member.user.id === state.me?.id || (state.presence.get(member.user.id)?.status ?? "offline") !== "offline")
          ? 1
          : 0),
      0,
    ),
  );
  return (
    <span className={s.toggle} data-open={open || undefined}>
      <Button variant="plain" small aria-label={t("people.title")} aria-pressed={open} onPress={onToggle}>
        <Icon name="people" size={18} />
        {online > 0 && <span className={s.online}>{online}</span>}
      </Button>
    </span>
  );
}
