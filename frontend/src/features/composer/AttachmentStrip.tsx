/** Owns the row of files above the text: thumbnail, name, progress, and a button that removes each. */
import { t } from "../../i18n/index.ts";
import { size } from "../../lib/format.ts";
import { IconButton } from "../../ui/Button.tsx";
import { Icon } from "../../ui/Icon.tsx";
import s from "./AttachmentStrip.module.css";
import type { Attachment } from "./attachments.ts";

interface Props {
  readonly items: readonly Attachment[];
  readonly onRemove: (key: number) => void;
}

export function AttachmentStrip({ items, onRemove }: Props) {
  if (items.length === 0) return null;
  return (
    <ul className={s.strip} aria-label={t("upload.list")}>
      {items.map((item) => (
        <li key={item.key} className={s.item} data-failed={item.error !== null || undefined}>
          <span className={s.picture}>
            {item.preview === null ? <Icon name="file" size={20} /> : <img src={item.preview} alt="" />}
          </span>
          <span className={s.text}>
            <span className={s.name}>{item.file.name}</span>
            <span className={s.note}>{item.error ?? size(item.file.size)}</span>
          </span>
          <IconButton
            small
            icon="close"
            size={16}
            label={t("upload.remove", { name: item.file.name })}
            onPress={() => onRemove(item.key)}
          />
          {item.info === null && item.error === null && (
            <progress className={s.progress} value={item.progress} max={1} aria-label={item.file.name} />
          )}
        </li>
      ))}
    </ul>
  );
}
