/** Owns the list of rooms with its sections, badges, and buttons to find or create another room. */
import { EMPTY_DRAFT, isEmptyDraft, type PresenceView, type RoomView, type UserId } from "@palaver/sdk";
import { useClientState } from "@palaver/sdk/react";
import { memo, type ReactNode, useMemo } from "react";
import { t } from "../../i18n/index.ts";
import { isMuted } from "../../lib/counted.ts";
import { badge } from "../../lib/format.ts";
import { roomName } from "../../lib/person.ts";
import { Avatar, RoomTile } from "../../ui/Avatar.tsx";
import { Button, IconButton } from "../../ui/Button.tsx";
import { Skeleton } from "../../ui/Empty.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { Invite } from "./Invite.tsx";
import s from "./RoomList.module.css";
import { addressOf, toSections } from "./sections.ts";

export type RoomsDialog = "create" | "browse" | "direct";

interface Props {
  /** The open room. */
  readonly current: string | null;
  /** Whether the end of the open room's conversation is out of sight. */
  readonly away: boolean;
  readonly pathOf: (address: string) => string;
  readonly onOpen: (path: string) => void;
  readonly onDialog: (dialog: RoomsDialog) => void;
}

export const RoomList = memo(function RoomList({ current, away, pathOf, onOpen, onDialog }: Props) {
  const rooms = useClientState((state) => state.rooms);
  const ready = useClientState((state) => state.ready);
  const presence = useClientState((state) => state.presence);
  const { invites, requests, rooms: named, direct } = useMemo(() => toSections(rooms.values()), [rooms]);
  // The section headings keep their identity while the rooms below them change.
  const actions = useMemo(
    () => (
      <>
        <IconButton small size={18} icon="compass" label={t("rooms.browse")} onPress={() => onDialog("browse")} />
        <IconButton small size={18} icon="plus" label={t("rooms.create")} onPress={() => onDialog("create")} />
      </>
    ),
    [onDialog],
  );
  const directActions = useMemo(
    () => <IconButton small size={18} icon="plus" label={t("direct.start")} onPress={() => onDialog("direct")} />,
    [onDialog],
  );
  const row = (room: RoomView) => (
    <RoomRow
      key={room.id}
      room={room}
      current={room.id === current}
      away={away && room.id === current}
      presence={room.with === null ? undefined : presenceOf(presence, room.with.id)}
      path={pathOf(addressOf(room))}
      onOpen={onOpen}
    />
  );
  return (
    <nav className={s.nav} aria-label={t("rooms.title")}>
      {invites.length > 0 && (
        <Section title={t("rooms.invites")}>
          {invites.map((room) => (
            <Invite key={room.id} room={room} onJoined={() => onOpen(pathOf(addressOf(room)))} />
          ))}
        </Section>
      )}
      {requests.length > 0 && <Section title={t("rooms.requests")}>{requests.map(row)}</Section>}
      <Section title={t("rooms.title")} actions={actions}>
        {ready ? named.map(row) : <Skeleton rows={5} avatar={false} />}
        {ready && named.length === 0 && (
          <li className={s.hint}>
            {t("rooms.none")}
            <Button small variant="quiet" onPress={() => onDialog("browse")}>
              {t("rooms.findOne")}
            </Button>
          </li>
        )}
      </Section>
      <Section title={t("rooms.direct")} actions={directActions}>
        {direct.map(row)}
        {ready && direct.length === 0 && <li className={s.hint}>{t("rooms.noDirect")}</li>}
      </Section>
    </nav>
  );
});

function presenceOf(presence: ReadonlyMap<UserId, PresenceView>, user: UserId) {
  return presence.get(user)?.status ?? "offline";
}

function Section({ title, actions, children }: { title: string; actions?: ReactNode; children: ReactNode }) {
  return (
    <section className={s.section}>
      <header className={s.head}>
        <h2>{title}</h2>
        {actions}
      </header>
      <ul>{children}</ul>
    </section>
  );
}

interface RowProps {
  readonly room: RoomView;
  readonly current: boolean;
  readonly away: boolean;
  readonly presence: PresenceView["status"] | undefined;
  readonly path: string;
  readonly onOpen: (path: string) => void;
}

const RoomRow = memo(function RoomRow({ room, current, away, presence, path, onOpen }: RowProps) {
  const quiet = isMuted(room);
  const hasDraft = useClientState((state) => !isEmptyDraft(state.drafts.get(room.id) ?? EMPTY_DRAFT));
  const failed = room.outbox.filter((change) => change.status === "failed").length;
  // In the open room messages are read as soon as they are rendered, while its end is in sight.
  const unread = room.unread > 0 && !quiet && (!current || away);
  return (
    <li>
      <a
        className={s.row}
        href={path}
        aria-current={current ? "page" : undefined}
        data-unread={unread || undefined}
        data-quiet={quiet || undefined}
        onClick={(event) => {
          if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
          event.preventDefault();
          onOpen(path);
        }}
      >
        {room.with === null ? (
          <RoomTile icon={room.kind === "private" ? "lock" : "hash"} size={28} />
        ) : (
          <Avatar id={room.with.id} name={roomName(room)} size={28} presence={presence} />
        )}
        <span className={s.name} dir="auto">
          {roomName(room)}
        </span>
        {hasDraft && !current && (
          <span className={s.mark} title={t("rooms.draft")} aria-hidden="true">
            <Icon name="edit" size={14} />
          </span>
        )}
        {quiet && (
          <span className={s.mark} role="img" aria-label={t("rooms.muted")}>
            <Icon name="bellOff" size={14} />
          </span>
        )}
        {failed > 0 && (
          <span
            className={s.failed}
            role="img"
            aria-label={t("rooms.failed", { n: failed })}
            title={t("rooms.failed", { n: failed })}
          >
            <Icon name="alert" size={16} />
          </span>
        )}
        {unread && <Badges room={room} />}
      </a>
    </li>
  );
});

function Badges({ room }: { room: RoomView }) {
  const loud = room.kind === "direct" ? room.unread : room.unreadMentions;
  return (
    <>
      {(room.kind !== "direct" || loud === 0) && (
        <span className={s.unread} role="img" aria-label={t("rooms.unread", { n: room.unread })}>
          {badge(room.unread)}
        </span>
      )}
      {loud > 0 && (
        <span
          className={s.loud}
          dir="ltr"
          role="img"
          aria-label={t(room.kind === "direct" ? "rooms.unread" : "rooms.mentions", { n: loud })}
        >
          {room.kind === "direct" ? badge(loud) : `@${badge(loud)}`}
        </span>
      )}
    </>
  );
}
