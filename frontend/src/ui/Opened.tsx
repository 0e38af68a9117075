/** Owns what the inside of an open panel knows of it. Only the panels import it, which load when they are opened. */
import { type ReactNode, useMemo } from "react";
import { ButtonContext, OverlayTriggerStateContext } from "react-aria-components";
import type { OpenedProps } from "./Popup.tsx";

/** Tells what is inside that it is open, and how to close it. Buttons inside open nothing. */
export function Opened({ onClose, children }: OpenedProps & { readonly children: ReactNode }) {
  const state = useMemo(
    () => ({
      isOpen: true,
      setOpen: (open: boolean) => (open ? undefined : onClose()),
      open: () => undefined,
      close: onClose,
      toggle: onClose,
      // Only menus of a right click have a place of their own.
      point: null,
      setPoint: () => undefined,
    }),
    [onClose],
  );
  return (
    <OverlayTriggerStateContext.Provider value={state}>
      <ButtonContext.Provider value={{}}>{children}</ButtonContext.Provider>
    </OverlayTriggerStateContext.Provider>
  );
}
