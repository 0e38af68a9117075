/** Owns how the files of a message are shown: pictures in a box of their final size, everything else as a card. */
import type { FileInfo, MessageView } from "@palaver/sdk";
import { useId } from "react";
import { t } from "../../i18n/index.ts";
import { size } from "../../lib/format.ts";
import { useFileUrl } from "../../ui/fileUrl.ts";
import { Icon } from "../../ui/Icon.tsx";
import { useRow } from "./context.ts";
import s from "./Files.module.css";

const MAX_WIDTH = 400;
const MAX_HEIGHT = 300;
const MIN_SIDE = 48;

/** Returns whether the file is a picture: it has dimensions, and browsers can render it. */
export function isPicture(file: FileInfo): boolean {
  return file.type.startsWith("image/") && (file.width ?? 0) > 0 && (file.height ?? 0) > 0;
}

/** Returns whether the file may say where, when and with which device it was made. */
export function mayHavePlace({ type, metadata }: FileInfo): boolean {
  if (metadata !== undefined) return metadata === "kept";
  // An earlier release stored it as it was.
  return type.startsWith("image/") || type.startsWith("video/");
}

/** Returns the size at which a picture is shown, known before it loads, so that nothing moves when it appears. */
export function pictureBox(width: number, height: number): { width: number; height: number } {
  const scale = Math.min(1, MAX_WIDTH / width, MAX_HEIGHT / height);
  return {
    width: Math.max(MIN_SIDE, Math.round(width * scale)),
    height: Math.max(MIN_SIDE, Math.round(height * scale)),
  };
}

export function Files({ message }: { message: MessageView }) {
  if (message.files.length === 0) return null;
  return (
    <div className={s.files}>
      {message.files.map((file) =>
        isPicture(file) ? (
          <Picture key={file.id} file={file} message={message} />
        ) : (
          <FileCard key={file.id} file={file} />
        ),
      )}
    </div>
  );
}

function Picture({ file, message }: { file: FileInfo; message: MessageView }) {
  const { actions } = useRow();
  const { url, failed } = useFileUrl(file, file.thumbnail === true ? "thumbnail" : "full");
  const box = pictureBox(file.width ?? 1, file.height ?? 1);
  return (
    <button
      type="button"
      className={s.picture}
      style={{ width: box.width, aspectRatio: `${box.width} / ${box.height}` }}
      aria-label={t("file.open", { name: file.name })}
      title={mayHavePlace(file) ? t("file.mayHavePlace") : undefined}
      onClick={() => actions.view(file, message)}
    >
      {url !== null && <img src={url} alt={file.name} draggable={false} />}
      {failed && (
        <span className={s.failed}>
          <Icon name="image" />
          {t("file.failed")}
        </span>
      )}
    </button>
  );
}

function FileCard({ file }: { file: FileInfo }) {
  const { actions } = useRow();
  const place = useId();
  return (
    <button
      type="button"
      className={s.card}
      aria-label={t("file.download", { name: file.name })}
      aria-describedby={mayHavePlace(file) ? place : undefined}
      onClick={() => actions.download(file)}
    >
      <span className={s.kind}>
        <Icon name="file" size={22} />
      </span>
      <span className={s.text}>
        <span className={s.name}>{file.name}</span>
        <span className={s.size}>{`${kind(file)} · ${size(file.size)}`}</span>
        {mayHavePlace(file) && (
          <span id={place} className={s.size}>
            {t("file.mayHavePlace")}
          </span>
        )}
      </span>
      <Icon name="download" size={18} />
    </button>
  );
}

/** Returns the file name's extension, which people know better than a content type. */
function kind(file: FileInfo): string {
  const ending = /\.([\p{L}\p{N}]{1,8})$/u.exec(file.name)?.[1];
  return (ending ?? file.type.split("/").pop() ?? "").toUpperCase();
}
