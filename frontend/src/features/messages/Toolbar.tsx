/** Owns the actions on a message: buttons that show on hover and focus, and the same actions in a menu. */
import type { MessageView } from "@palaver/sdk";
import { useLayoutEffect, useRef, useState } from "react";
import { t } from "../../i18n/index.ts";
import { IconButton } from "../../ui/Button.tsx";
import { copyText } from "../../ui/copy.ts";
import { Menu, MenuItem, MenuSeparator } from "../../ui/Menu.tsx";
import { useRow } from "./context.ts";
import { EmojiPicker } from "./Reactions.tsx";
import s from "./Toolbar.module.css";

interface Props {
  readonly message: MessageView;
  /** Called when a panel of the toolbar opens or closes, so that the toolbar stays while the pointer is elsewhere. */
  readonly onHold: (held: boolean) => void;
  /** Whether the menu is open; right click and long press open it too. */
  readonly menu: boolean;
  readonly onMenu: (open: boolean) => void;
}

export function Toolbar({ message, onHold, menu, onMenu }: Props) {
  const { actions, rights } = useRow();
  const [picking, setPicking] = useState(false);
  const bar = useRef<HTMLDivElement>(null);
  // The focus would be lost with the toolbar.
  useLayoutEffect(() => {
    const element = bar.current;
    return () => {
      const active = document.activeElement;
      // A reader with a mouse does not miss it, and points at another row by now.
      if (active?.matches(":focus-visible") && element?.contains(active))
        element.closest("article")?.focus({ preventScroll: true });
    };
  }, []);
  const pick = (open: boolean) => {
    setPicking(open);
    onHold(open);
  };
  const mayDelete = message.mine || rights.moderate;
  return (
    <div ref={bar} className={s.toolbar} role="toolbar" aria-label={t("message.actions")}>
      {rights.write && (
        <>
          <EmojiPicker
            trigger={<IconButton small icon="smile" size={18} label={t("message.react")} />}
            onPick={(emoji) => actions.react(message, emoji)}
            isOpen={picking}
            onOpenChange={pick}
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
        isOpen={menu}
        onOpenChange={onMenu}
      >
        {rights.write && (
          <MenuItem icon="smile" onAction={() => pick(true)}>
            {t("message.react")}
          </MenuItem>
        )}
        {rights.write && (
          <MenuItem icon="reply" onAction={() => actions.reply(message)}>
            {t("message.reply")}
          </MenuItem>
        )}
        {message.mine && rights.write && (
          <MenuItem icon="edit" onAction={() => actions.edit(message)}>
            {t("message.edit")}
          </MenuItem>
        )}
        <MenuItem icon="copy" onAction={() => copyText(message.text)}>
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
