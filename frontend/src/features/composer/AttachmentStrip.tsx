/**
 * Owns the row of files above the text: thumbnail, name, progress, what becomes of a picture's place and camera data, and a
 * button that removes each.
 */
import { useState } from "react";
import { t } from "../../i18n/index.ts";
import { size } from "../../lib/format.ts";
import { IconButton } from "../../ui/Button.tsx";
import { Icon } from "../../ui/Icon.tsx";
import s from "./AttachmentStrip.module.css";
import type { Attachment } from "./attachments.ts";

interface Props {
  readonly items: readonly Attachment[];
  readonly onRemove: (key: string) => void;
  readonly onRetry: (key: string) => void;
  readonly onOriginal: (key: string, original: boolean) => void;
}

/** Pictures from which the server removes place and camera data, unless the original is sent. */
const CLEANED = ["image/jpeg", "image/png", "image/gif", "image/webp"];

export function AttachmentStrip({ items, onRemove, onRetry, onOriginal }: Props) {
  if (items.length === 0) return null;
  return (
    <ul className={s.strip} aria-label={t("upload.list")}>
      {items.map((item) => (
        <li key={item.key} className={s.item} data-failed={item.error !== null || undefined}>
          <span className={s.picture}>
            <Preview url={item.preview} />
          </span>
          <span className={s.text}>
            <span className={s.name} dir="auto">
              {item.name}
            </span>
            <span className={s.note}>{item.error?.text ?? size(item.info?.size ?? item.size)}</span>
            {item.info?.metadata === "removed" && <span className={s.note}>{t("upload.cleaned")}</span>}
            {item.info?.metadata === "kept" && <span className={s.warning}>{t("file.mayHavePlace")}</span>}
            {hasChoice(item) && (
              <label className={s.original}>
                <input
                  type="checkbox"
                  checked={item.original}
                  aria-label={t("upload.originalOf", { name: item.name })}
                  onChange={(event) => onOriginal(item.key, event.target.checked)}
                />
                {t("upload.original")}
              </label>
            )}
          </span>
          {item.error?.mayRetry === true && (
            <IconButton
              small
              icon="retry"
              size={16}
              label={t("upload.retry", { name: item.name })}
              onPress={() => onRetry(item.key)}
            />
          )}
          <IconButton
            small
            icon="close"
            size={16}
            label={t("upload.remove", { name: item.name })}
            onPress={() => onRemove(item.key)}
          />
          {item.info === null && item.error === null && (
            <progress className={s.progress} value={item.progress} max={1} aria-label={item.name} />
          )}
        </li>
      ))}
    </ul>
  );
}

/** Shows a picture, or an icon for other files and for pictures that this browser does not know, such as HEIC. */
function Preview({ url }: { url: string | null }) {
  const [failed, setFailed] = useState(false);
  if (url === null || failed) return <Icon name="file" size={20} />;
  return <img src={url} alt="" onError={() => setFailed(true)} />;
}

/** Returns whether the original differs from what is sent otherwise, or may do so while that is not known. */
function hasChoice({ type, bytes, info, error }: Attachment): boolean {
  return error === null && bytes !== null && CLEANED.includes(type) && info?.metadata !== "absent";
}
