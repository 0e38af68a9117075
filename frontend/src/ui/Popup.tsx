/**
 * Owns panels that open from a button. The button is there at once; what the panel is made of loads when one is first opened.
 */
import { type KeyboardEvent, type ReactNode, type RefObject, useRef, useState } from "react";
import { ButtonContext } from "react-aria-components";
import { onDemand } from "./onDemand.tsx";

export type Placement = "bottom end" | "bottom start" | "top start" | "top end";

export interface OpenedProps {
  readonly trigger: RefObject<HTMLButtonElement | null>;
  /** Which item of a menu has the focus at first. */
  readonly focus: "first" | "last";
  readonly onClose: () => void;
}

interface Opening {
  readonly isOpen: boolean;
  readonly change: (open: boolean, focus?: "first" | "last") => void;
  readonly opened: OpenedProps;
}

interface State {
  readonly onOpenChange?: ((open: boolean) => void) | undefined;
  /** If left out, the state is kept here. */
  readonly isOpen?: boolean | undefined;
}

/** Keeps whether a panel is open. */
export function useOpening({ isOpen, onOpenChange }: State): Opening {
  const trigger = useRef<HTMLButtonElement>(null);
  const [own, setOwn] = useState(false);
  const [focus, setFocus] = useState<"first" | "last">("first");
  const change = (open: boolean, first: "first" | "last" = "first") => {
    setFocus(first);
    setOwn(open);
    onOpenChange?.(open);
  };
  return { isOpen: isOpen ?? own, change, opened: { trigger, focus, onClose: () => change(false) } };
}

interface TriggerProps {
  readonly opening: Opening;
  readonly popup: "menu" | "dialog";
  readonly children: ReactNode;
}

/** Makes a button open and close a panel. */
export function Trigger({ opening: { isOpen, change, opened }, popup, children }: TriggerProps) {
  const onKeyDown = (event: KeyboardEvent | { key: string }) => {
    if (popup !== "menu" || isOpen) return;
    if (event.key === "ArrowDown") change(true);
    else if (event.key === "ArrowUp") change(true, "last");
  };
  return (
    <ButtonContext.Provider
      value={{
        ref: opened.trigger,
        onPress: () => change(!isOpen),
        onKeyDown,
        "aria-haspopup": popup,
        "aria-expanded": isOpen,
      }}
    >
      {children}
    </ButtonContext.Provider>
  );
}

interface PopupProps extends State {
  /** The button that opens it. */
  readonly trigger: ReactNode;
  /** Its accessible name; a heading with the slot `title` names it otherwise. */
  readonly label?: string;
  readonly placement: Placement;
  readonly className: string;
  readonly dialogClassName: string;
  readonly containerPadding?: number;
  readonly children: (close: () => void) => ReactNode;
}

export type PopupPanelProps = OpenedProps & Omit<PopupProps, "trigger" | keyof State>;

const PopupPanel = onDemand(async () => (await import("./PopupPanel.tsx")).PopupPanel);

export function Popup({ trigger, isOpen, onOpenChange, ...rest }: PopupProps) {
  const opening = useOpening({ isOpen, onOpenChange });
  return (
    <>
      <Trigger opening={opening} popup="dialog">
        {trigger}
      </Trigger>
      {opening.isOpen && <PopupPanel {...rest} {...opening.opened} />}
    </>
  );
}
