/** Owns the large view of pictures: fits the window, zooms, goes to the next one, downloads. Loaded on first use. */
import type { FileInfo } from "@palaver/sdk";
import { useState } from "react";
import { Dialog, Modal, ModalOverlay } from "react-aria-components";
import { t } from "../../i18n/index.ts";
import { useBackCloses } from "../../lib/back.ts";
import { IconButton } from "../../ui/Button.tsx";
import { useFileUrl } from "../../ui/fileUrl.ts";
import { mayHavePlace } from "./Files.tsx";
import s from "./Viewer.module.css";

interface Props {
  /** All pictures of the message. */
  readonly files: readonly FileInfo[];
  readonly first: FileInfo;
  readonly onDownload: (file: FileInfo) => void;
  readonly onClose: () => void;
}

export function Viewer({ files, first, onDownload, onClose }: Props) {
  const [shown, setShown] = useState(first);
  const [zoomed, setZoomed] = useState(false);
  const { url, failed } = useFileUrl(shown, "full");
  useBackCloses(true, onClose);
  const at = files.indexOf(shown);
  const go = (step: number) => {
    const next = files[at + step];
    if (next === undefined) return;
    setShown(next);
    setZoomed(false);
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key === "ArrowLeft") go(-1);
    if (event.key === "ArrowRight") go(1);
  };
  return (
    <ModalOverlay className={s.overlay ?? ""} isOpen isDismissable onOpenChange={(open) => !open && onClose()}>
      <Modal className={s.modal ?? ""}>
        <Dialog className={s.dialog ?? ""} aria-label={shown.name}>
          {/* biome-ignore lint/a11y/noStaticElementInteractions: arrow keys are a shortcut, the buttons do the same */}
          <div className={s.frame} onKeyDown={onKeyDown}>
            <header className={s.bar}>
              <span className={s.name}>{shown.name}</span>
              {mayHavePlace(shown) && <span className={s.place}>{t("file.mayHavePlace")}</span>}
              {files.length > 1 && <span className={s.count}>{`${at + 1} / ${files.length}`}</span>}
              <IconButton icon="zoom" label={t("viewer.zoom")} active={zoomed} onPress={() => setZoomed(!zoomed)} />
              <IconButton icon="download" label={t("viewer.download")} onPress={() => onDownload(shown)} />
              <IconButton icon="close" label={t("action.close")} onPress={onClose} autoFocus />
            </header>
            <div className={s.stage} data-zoomed={zoomed || undefined}>
              {url !== null && <img src={url} alt={shown.name} width={shown.width ?? 0} height={shown.height ?? 0} />}
              {failed && <p>{t("file.failed")}</p>}
            </div>
            {at > 0 && (
              <span className={s.previous}>
                <IconButton icon="back" label={t("viewer.previous")} onPress={() => go(-1)} />
              </span>
            )}
            {at < files.length - 1 && (
              <span className={s.next}>
                <IconButton icon="back" label={t("viewer.next")} onPress={() => go(1)} />
              </span>
            )}
          </div>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
