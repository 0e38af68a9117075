/** Owns the panel of a menu, which loads when a menu is first opened. */
import { Menu as AriaMenu, MenuItem as AriaMenuItem, Popover, Separator } from "react-aria-components";
import { CloseOnBack } from "./CloseOnBack.tsx";
import { Icon } from "./Icon.tsx";
import s from "./Menu.module.css";
import { type MenuItemProps, MenuPartsContext, type PanelProps } from "./Menu.tsx";
import { Opened } from "./Opened.tsx";

export function MenuPanel({ label, placement, header, children, ...opened }: PanelProps) {
  return (
    <Opened {...opened}>
      <Popover
        className={s.popover ?? ""}
        aria-label={label}
        triggerRef={opened.trigger}
        placement={placement}
        offset={4}
      >
        <CloseOnBack />
        {header}
        <AriaMenu className={s.menu ?? ""} aria-label={label} autoFocus={opened.focus} onClose={opened.onClose}>
          <MenuPartsContext.Provider value={PARTS}>{children}</MenuPartsContext.Provider>
        </AriaMenu>
      </Popover>
    </Opened>
  );
}

const PARTS = { Item, Line };

function Item({ icon, children, onAction, tone, chosen }: MenuItemProps) {
  return (
    <AriaMenuItem className={s.item ?? ""} onAction={onAction} textValue={children} data-tone={tone}>
      {icon !== undefined && <Icon name={icon} size={18} />}
      <span className={s.text}>{children}</span>
      {chosen === true && <Icon name="check" size={16} />}
    </AriaMenuItem>
  );
}

function Line() {
  return <Separator className={s.separator ?? ""} />;
}
