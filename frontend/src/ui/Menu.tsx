/** Owns menus that open from a button. The button is there at once; the panel loads when a menu is first opened. */
import { type ComponentType, createContext, type ReactNode, useContext } from "react";
import type { IconName } from "./Icon.tsx";
import { onDemand } from "./onDemand.tsx";
import { type OpenedProps, type Placement, Trigger, useOpening } from "./Popup.tsx";

interface MenuProps {
  readonly label: string;
  /** The button that opens it. */
  readonly trigger: ReactNode;
  readonly children: ReactNode;
  readonly onOpenChange?: (open: boolean) => void;
  /** If left out, the menu keeps its own state. */
  readonly isOpen?: boolean;
  readonly placement?: Placement;
  /** Rendered above the items. */
  readonly header?: ReactNode;
}

export interface PanelProps extends OpenedProps {
  readonly label: string;
  readonly placement: Placement;
  readonly header: ReactNode;
  readonly children: ReactNode;
}

const MenuPanel = onDemand(async () => (await import("./MenuPanel.tsx")).MenuPanel);

export function Menu({ label, trigger, children, placement = "bottom end", header, ...state }: MenuProps) {
  const opening = useOpening(state);
  return (
    <>
      <Trigger opening={opening} popup="menu">
        {trigger}
      </Trigger>
      {opening.isOpen && (
        <MenuPanel {...opening.opened} label={label} placement={placement} header={header}>
          {children}
        </MenuPanel>
      )}
    </>
  );
}

export interface MenuItemProps {
  readonly icon?: IconName;
  readonly children: string;
  readonly onAction: () => void;
  readonly tone?: "danger";
  /** Marks the current choice. */
  readonly chosen?: boolean;
}

interface MenuParts {
  readonly Item: ComponentType<MenuItemProps>;
  readonly Line: ComponentType;
}

/** What the items are drawn with, which comes with the panel. */
export const MenuPartsContext = createContext<MenuParts | null>(null);

export function MenuItem(props: MenuItemProps) {
  const parts = useContext(MenuPartsContext);
  return parts === null ? null : <parts.Item {...props} />;
}

export function MenuSeparator() {
  const parts = useContext(MenuPartsContext);
  return parts === null ? null : <parts.Line />;
}
