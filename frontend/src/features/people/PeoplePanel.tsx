/** Owns the panel of a room's members, and the confirmation before a member is removed or banned. */
import type { MemberView, Person, RoomId } from "@palaver/sdk";
import { useClient, useClientState } from "@palaver/sdk/react";
import { memo, useCallback, useMemo, useRef, useState } from "react";
import { t } from "../../i18n/index.ts";
import { called } from "../../lib/person.ts";
import { useRoom } from "../../lib/room.ts";
import { IconButton } from "../../ui/Button.tsx";
import { Empty, Skeleton } from "../../ui/Empty.tsx";
import { onDemand } from "../../ui/onDemand.tsx";
import { toast } from "../../ui/Toasts.tsx";
import { byName, toGroups } from "./groups.ts";
import type { Asked } from "./MemberMenu.tsx";
import { PeopleList } from "./PeopleList.tsx";
import s from "./PeoplePanel.module.css";
import { mayInvite } from "./rights.ts";

const FindPerson = onDemand(async () => (await import("../../ui/FindPerson.tsx")).FindPerson);

const Confirm = onDemand(async () => (await import("../../ui/Dialog.tsx")).Confirm);

const FIELDS = ["id", "name", "kind", "role", "members", "membersLoaded"] as const;

interface Props {
  readonly id: RoomId;
  readonly me: Person;
  readonly onClose: () => void;
  readonly onDirect: (person: Person) => void;
}

interface PendingAction {
  readonly kind: Asked;
  readonly member: MemberView;
}

export const PeoplePanel = memo(function PeoplePanel({ id, me, onClose, onDirect }: Props) {
  const client = useClient();
  const room = useRoom(id, FIELDS);
  const presence = useClientState((state) => state.presence);
  const scroller = useRef<HTMLDivElement>(null);
  const [asked, setAsked] = useState<PendingAction | null>(null);
  const [inviting, setInviting] = useState(false);
  const onAsk = useCallback((kind: PendingAction["kind"], member: MemberView) => setAsked({ kind, member }), []);
  const [query, setQuery] = useState("");
  const sorted = useMemo(() => byName(room.members, query), [room.members, query]);
  const groups = useMemo(() => toGroups(sorted, presence, me.id), [sorted, presence, me.id]);

  return (
    <section className={s.panel} aria-label={t("people.title")}>
      <header className={s.head}>
        <h2>{t("people.title")}</h2>
        <input
          type="search"
          className={s.find}
          aria-label={t("people.find")}
          placeholder={t("people.find")}
          value={query}
          onChange={(event) => setQuery(event.target.value)}
        />
        {mayInvite(room) && <IconButton icon="invite" label={t("people.invite")} onPress={() => setInviting(true)} />}
        <IconButton icon="close" label={t("action.close")} onPress={onClose} />
      </header>
      <div className={s.scroll} ref={scroller}>
        {!room.membersLoaded && <Skeleton rows={6} />}
        {room.membersLoaded && groups.length === 0 && <Empty icon="search" title={t("find.none")} />}
        <PeopleList
          scroller={scroller}
          groups={groups}
          presence={presence}
          room={room.id}
          role={room.role}
          me={me.id}
          onDirect={onDirect}
          onAsk={onAsk}
        />
      </div>
      {asked !== null && (
        <Confirm
          title={t(`people.${asked.kind}Title`, { name: called(asked.member.user) })}
          text={t(`people.${asked.kind}Text`, { room: room.name, name: called(asked.member.user) })}
          action={t(`people.${asked.kind}`)}
          onConfirm={() =>
            asked.kind === "owner"
              ? client.setRole(room.id, asked.member.user.id, "owner")
              : client[asked.kind](room.id, asked.member.user.id)
          }
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
});
