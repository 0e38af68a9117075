/** Owns dialogs: the frame with title and close button, and the confirmation before something is lost. */
import { type ReactNode, useState } from "react";
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import { t } from "../i18n/index.ts";
import { BACK_CLOSES, useBackCloses } from "../lib/back.ts";
import { explain } from "../lib/errors.ts";
import { useMedia } from "../lib/hooks.ts";
import { Button, IconButton } from "./Button.tsx";
import s from "./Dialog.module.css";
import { FormError } from "./Field.tsx";

interface Props {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
  readonly wide?: boolean;
  readonly role?: "dialog" | "alertdialog";
}

/** Shows a dialog as long as it is mounted. */
export function Dialog({ title, onClose, children, wide = false, role = "dialog" }: Props) {
  useBackCloses(useMedia(BACK_CLOSES), onClose);
  return (
    <ModalOverlay className={s.scrim ?? ""} isOpen isDismissable onOpenChange={(open) => !open && onClose()}>
      <Modal className={s.modal ?? ""} data-wide={wide || undefined}>
        <AriaDialog className={s.dialog ?? ""} role={role}>
          <header className={s.head}>
            <Heading slot="title" level={2} className={s.title ?? ""}>
              {title}
            </Heading>
            {role === "dialog" && <IconButton icon="close" label={t("action.close")} onPress={onClose} />}
          </header>
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

interface ConfirmProps {
  readonly title: string;
  readonly text: string;
  readonly action: string;
  readonly onConfirm: () => undefined | Promise<unknown>;
  readonly onClose: () => void;
}

export function Confirm({ title, text, action, onConfirm, onClose }: ConfirmProps) {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const confirm = async () => {
    setBusy(true);
    try {
      await onConfirm();
      onClose();
    } catch (error) {
      setFailure(explain(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} onClose={onClose} role="alertdialog">
      <p className={s.text}>{text}</p>
      <FormError text={failure} />
      <DialogActions>
        <Button onPress={onClose} autoFocus>
          {t("action.cancel")}
        </Button>
        <Button variant="danger" isDisabled={busy} onPress={confirm}>
          {action}
        </Button>
      </DialogActions>
    </Dialog>
  );
}

export function DialogActions({ children }: { children: ReactNode }) {
  return <div className={s.actions}>{children}</div>;
}
