/** Owns what a panel is made of, which loads when one is first opened. */
import { Dialog, Popover } from "react-aria-components";
import { CloseOnBack } from "./CloseOnBack.tsx";
import { Opened } from "./Opened.tsx";
import type { PopupPanelProps } from "./Popup.tsx";

export function PopupPanel(props: PopupPanelProps) {
  const { trigger, label, placement, className, dialogClassName, containerPadding = 12, children, onClose } = props;
  return (
    <Opened {...props}>
      <Popover
        className={className}
        triggerRef={trigger}
        placement={placement}
        offset={6}
        containerPadding={containerPadding}
      >
        <Dialog className={dialogClassName} {...(label === undefined ? {} : { "aria-label": label })}>
          <CloseOnBack />
          {children(onClose)}
        </Dialog>
      </Popover>
    </Opened>
  );
}
