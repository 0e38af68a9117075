/** Owns what one can do with a message: buttons that show on hover and focus, and the same in a menu. */
import type { MessageView } from "@palaver/sdk";
import { useState } from "react";
import { t } from "../../i18n/index.ts";
import { IconButton } from "../../ui/Button.tsx";
import { Menu, MenuItem, MenuSeparator } from "../../ui/Menu.tsx";
import { useRow } from "./context.ts";
import { EmojiPicker } from "./Reactions.tsx";
import s from "./Toolbar.module.css";

interface Props {
  readonly message: MessageView;
  /** Tells that a panel of the toolbar is open, so that it stays while the pointer is elsewhere. */
  readonly onHold: (held: boolean) => void;
}

export function Toolbar({ message, onHold }: Props) {
  const { actions, rights } = useRow();
  const [holds, setHolds] = useState(0);
  const hold = (open: boolean) => {
    const next = holds + (open ? 1 : -1);
    setHolds(next);
    onHold(next > 0);
  };
  const mayDelete = message.mine || rights.moderate;
  return (
    <div className={s.toolbar} role="toolbar" aria-label={t("message.actions")}>
      {rights.write && (
        <>
          <EmojiPicker
            trigger={<IconButton small icon="smile" size={18} label={t("message.react")} />}
            onPick={(emoji) => actions.react(message, emoji)}
            onOpenChange={hold}
          />
          <IconButton small icon="reply" size={18} label={t("message.reply")} onPress={() => actions.reply(message)} />
        </>
      )}
      {message.mine && rights.write && (
        <IconButton small icon="edit" size={18} label={t("message.edit")} onPress={() => actions.edit(message)} />
      )}
      {mayDelete && (
        <IconButton
          small
          icon="trash"
          size={18}
          tone="danger"
          label={t("message.delete")}
          onPress={() => actions.askDelete(message)}
        />
      )}
      <Menu
        label={t("message.more")}
        trigger={<IconButton small icon="more" size={18} label={t("message.more")} />}
        onOpenChange={hold}
      >
        <MenuItem icon="copy" onAction={() => navigator.clipboard.writeText(message.text)}>
          {t("message.copyText")}
        </MenuItem>
        <MenuItem icon="link" onAction={() => actions.copyLink(message)}>
          {t("message.copyLink")}
        </MenuItem>
        {rights.moderate && (
          <MenuItem icon="pin" onAction={() => actions.pin(message)}>
            {message.pinned ? t("message.unpin") : t("message.pin")}
          </MenuItem>
        )}
        {mayDelete && <MenuSeparator />}
        {mayDelete && (
          <MenuItem icon="trash" tone="danger" onAction={() => actions.askDelete(message)}>
            {t("message.deleteMenu")}
          </MenuItem>
        )}
      </Menu>
    </div>
  );
}
