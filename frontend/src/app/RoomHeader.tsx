/** Owns the header of a room: its name, who is online, and the actions on the room. */
import type { NotificationLevel, RoomId, RoomView } from "@palaver/sdk";
import { useClient, useClientState } from "@palaver/sdk/react";
import { memo, useState } from "react";
import { PeopleButton } from "../features/people/PeopleButton.tsx";
import { mayInvite } from "../features/people/rights.ts";
import { t } from "../i18n/index.ts";
import { ago, clock } from "../lib/format.ts";
import { called, roomName } from "../lib/person.ts";
import { useRoom } from "../lib/room.ts";
import { Avatar, RoomTile } from "../ui/Avatar.tsx";
import { IconButton } from "../ui/Button.tsx";
import { Menu, MenuItem, MenuSeparator } from "../ui/Menu.tsx";
import { onDemand } from "../ui/onDemand.tsx";
import { attempt, toast } from "../ui/Toasts.tsx";
import s from "./RoomHeader.module.css";
import { back, navigate, pathOf } from "./router.ts";

const FindPerson = onDemand(async () => (await import("../ui/FindPerson.tsx")).FindPerson);

const Confirm = onDemand(async () => (await import("../ui/Dialog.tsx")).Confirm);

const LEVELS: readonly NotificationLevel[] = ["all", "mentions"];
const MUTES = [
  { hours: 1, id: "level.mute1h" },
  { hours: 8, id: "level.mute8h" },
] as const;

const FIELDS = [
  "id",
  "name",
  "description",
  "kind",
  "with",
  "state",
  "role",
  "level",
  "quietUntil",
  "archived",
  "members",
  "membersLoaded",
] as const;

interface Props {
  readonly id: RoomId;
  readonly peopleOpen: boolean;
  readonly onPeople: () => void;
}

export const RoomHeader = memo(function RoomHeader({ id, peopleOpen, onPeople }: Props) {
  const client = useClient();
  const room = useRoom(id, FIELDS);
  const presence = useClientState((state) => (room.with === null ? undefined : state.presence.get(room.with.id)));
  const [asked, setAsked] = useState<"leave" | "invite" | null>(null);
  const close = () => setAsked(null);
  return (
    <header className={s.head}>
      <span className={s.back}>
        <IconButton icon="back" label={t("shell.back")} onPress={back} />
      </span>
      {room.with === null ? (
        <RoomTile icon={room.kind === "private" ? "lock" : "hash"} size={32} />
      ) : (
        <Avatar id={room.with.id} name={roomName(room)} size={32} presence={presence?.status ?? "offline"} />
      )}
      <div className={s.text}>
        <h1 dir="auto">{roomName(room)}</h1>
        <p dir="auto" title={room.description || undefined}>
          {room.with === null ? subtitle(room) : status(presence?.status ?? "offline", presence?.lastSeen ?? null)}
        </p>
      </div>
      {room.kind !== "direct" && <PeopleButton id={id} open={peopleOpen} onToggle={onPeople} />}
      <Menu label={t("room.menu")} trigger={<IconButton icon="more" label={t("room.menu")} />}>
        {mayInvite(room) && (
          <MenuItem icon="invite" onAction={() => setAsked("invite")}>
            {t("people.invite")}
          </MenuItem>
        )}
        {mayInvite(room) && <MenuSeparator />}
        {LEVELS.map((level) => (
          <MenuItem
            key={level}
            icon="bell"
            chosen={room.level === level && room.quietUntil === null}
            onAction={() => attempt(client.setLevel(room.id, level))}
          >
            {t(`level.${level}`)}
          </MenuItem>
        ))}
        {MUTES.map(({ hours, id }) => (
          <MenuItem key={id} icon="bellOff" onAction={() => attempt(client.quietRoom(room.id, hours * 3_600))}>
            {t(id)}
          </MenuItem>
        ))}
        <MenuItem
          icon="bellOff"
          chosen={room.level === "none"}
          onAction={() => attempt(client.setLevel(room.id, "none"))}
        >
          {t("level.none")}
        </MenuItem>
        {room.quietUntil !== null && (
          <MenuItem icon="bell" chosen onAction={() => attempt(client.quietRoom(room.id, 0))}>
            {t("level.until", { time: clock(new Date(room.quietUntil).toISOString()) })}
          </MenuItem>
        )}
        <MenuSeparator />
        {room.kind === "direct" ? (
          <MenuItem
            icon="close"
            onAction={() => {
              attempt(client.hideRoom(room.id, true));
              navigate(pathOf(null));
            }}
          >
            {t("room.hide")}
          </MenuItem>
        ) : (
          <MenuItem icon="leave" tone="danger" onAction={() => setAsked("leave")}>
            {t("room.leave")}
          </MenuItem>
        )}
      </Menu>
      {asked === "leave" && (
        <Confirm
          title={t("room.leaveTitle", { room: room.name })}
          text={room.kind === "private" ? t("room.leavePrivate") : t("room.leavePublic")}
          action={t("room.leave")}
          onConfirm={() => {
            client.leave(room.id);
            navigate(pathOf(null));
            return undefined;
          }}
          onClose={close}
        />
      )}
      {asked === "invite" && (
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
            close();
          }}
          onClose={close}
        />
      )}
    </header>
  );
});

function subtitle(room: Pick<RoomView, (typeof FIELDS)[number]>): string {
  if (room.archived) return t("room.archived");
  if (room.state === "joining") return t("room.joining");
  const joined = room.members.filter((member) => member.state === "joined").length;
  const people = room.membersLoaded ? t("directory.members", { n: joined }) : "";
  return [people, room.description].filter(Boolean).join(" · ");
}

function status(presence: "online" | "away" | "offline", lastSeen: string | null): string {
  if (presence !== "offline" || lastSeen === null) return t(`presence.${presence}`);
  return t("presence.lastSeen", { when: ago(lastSeen) });
}
