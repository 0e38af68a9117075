/** Owns the actions on a member, by role. */
import type { MemberView, Role, RoomId } from "@palaver/sdk";
import { useClient, useClientState } from "@palaver/sdk/react";
import { t } from "../../i18n/index.ts";
import { called } from "../../lib/person.ts";
import { IconButton } from "../../ui/Button.tsx";
import { Menu, MenuItem, MenuSeparator } from "../../ui/Menu.tsx";
import { attempt } from "../../ui/Toasts.tsx";
import { grantable, mayActOn } from "./rights.ts";

const MUTES = [
  { seconds: 600, id: "people.mute10m" },
  { seconds: 86_400, id: "people.mute1d" },
] as const;

/** What is asked about before it is done. */
export type Asked = "kick" | "ban" | "owner";

interface Props {
  readonly room: RoomId;
  /** Role of the signed-in user. */
  readonly role: Role;
  readonly member: MemberView;
  readonly self: string;
  /** Whether Tab reaches its button. */
  readonly tabStop: boolean;
  readonly onDirect: () => void;
  readonly onAsk: (kind: Asked) => void;
}

export function MemberMenu({ room, role: own, member, self, tabStop, onDirect, onAsk }: Props) {
  const client = useClient();
  const user = member.user.id;
  const blocked = useClientState((state) => state.blocked.has(user));
  const acts = mayActOn(own, member, self);
  const present = member.state === "joined";
  const muted = member.mutedUntil !== null && Date.parse(member.mutedUntil) > Date.now();
  const roles = acts && present ? grantable(own) : [];
  return (
    <Menu
      label={t("people.actions", { name: called(member.user) })}
      trigger={
        <IconButton
          small
          icon="more"
          label={t("people.actions", { name: called(member.user) })}
          excludeFromTabOrder={!tabStop}
        />
      }
    >
      <MenuItem icon="chat" onAction={onDirect}>
        {t("people.direct")}
      </MenuItem>
      <MenuItem icon={blocked ? "check" : "close"} onAction={() => attempt(client.block(user, !blocked))}>
        {t(blocked ? "people.unblock" : "people.block")}
      </MenuItem>
      {roles.length > 0 && <MenuSeparator />}
      {roles.map((role) => (
        <MenuItem
          key={role}
          chosen={member.role === role}
          onAction={() => {
            if (role === "owner" && member.role !== "owner") onAsk("owner");
            else attempt(client.setRole(room, user, role));
          }}
        >
          {t(`role.${role}`)}
        </MenuItem>
      ))}
      {acts && <MenuSeparator />}
      {acts && present && muted && (
        <MenuItem icon="bell" onAction={() => attempt(client.unmute(room, user))}>
          {t("people.unmute")}
        </MenuItem>
      )}
      {acts &&
        present &&
        !muted &&
        MUTES.map(({ seconds, id }) => (
          <MenuItem key={id} icon="bellOff" onAction={() => attempt(client.mute(room, user, seconds))}>
            {t(id)}
          </MenuItem>
        ))}
      {acts && member.state !== "banned" && (
        <MenuItem icon="leave" tone="danger" onAction={() => onAsk("kick")}>
          {t("people.kick")}
        </MenuItem>
      )}
      {acts && member.state !== "banned" && (
        <MenuItem icon="close" tone="danger" onAction={() => onAsk("ban")}>
          {t("people.ban")}
        </MenuItem>
      )}
      {acts && member.state === "banned" && (
        <MenuItem icon="check" onAction={() => attempt(client.unban(room, user))}>
          {t("people.unban")}
        </MenuItem>
      )}
    </Menu>
  );
}
