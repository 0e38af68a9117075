/** Owns menus that open from a button. */
import type { ReactNode } from "react";
import { Menu as AriaMenu, MenuItem as AriaMenuItem, MenuTrigger, Popover, Separator } from "react-aria-components";
import { Icon, type IconName } from "./Icon.tsx";
import s from "./Menu.module.css";

interface MenuProps {
  readonly label: string;
  /** The button that opens it. */
  readonly trigger: ReactNode;
  readonly children: ReactNode;
  readonly onOpenChange?: (open: boolean) => void;
  /** If left out, the menu keeps its own state. */
  readonly isOpen?: boolean;
  readonly placement?: "bottom end" | "bottom start" | "top start" | "top end";
  /** Rendered above the items. */
  readonly header?: ReactNode;
}

export function Menu({ label, trigger, children, onOpenChange, isOpen, placement = "bottom end", header }: MenuProps) {
  return (
    <MenuTrigger
      {...(onOpenChange === undefined ? {} : { onOpenChange })}
      {...(isOpen === undefined ? {} : { isOpen })}
    >
      {trigger}
      <Popover className={s.popover ?? ""} placement={placement} offset={4}>
        {header}
        <AriaMenu className={s.menu ?? ""} aria-label={label}>
          {children}
        </AriaMenu>
      </Popover>
    </MenuTrigger>
  );
}

interface MenuItemProps {
  readonly icon?: IconName;
  readonly children: string;
  readonly onAction: () => void;
  readonly tone?: "danger";
  /** Marks the current choice. */
  readonly chosen?: boolean;
}

export function MenuItem({ icon, children, onAction, tone, chosen }: MenuItemProps) {
  return (
    <AriaMenuItem className={s.item ?? ""} onAction={onAction} textValue={children} data-tone={tone}>
      {icon !== undefined && <Icon name={icon} size={18} />}
      <span className={s.text}>{children}</span>
      {chosen === true && <Icon name="check" size={16} />}
    </AriaMenuItem>
  );
}

export function MenuSeparator() {
  return <Separator className={s.separator ?? ""} />;
}
