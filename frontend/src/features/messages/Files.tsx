/** Owns how the files of a message are shown: pictures in boxes of their final size, players, everything else as a card. */
import type { FileInfo, MessageView } from "@palaver/sdk";
import { useId } from "react";
import { t } from "../../i18n/index.ts";
import { size } from "../../lib/format.ts";
import { Icon } from "../../ui/Icon.tsx";
import { useRow } from "./context.ts";
import s from "./Files.module.css";
import { columns, isPicture, playsAs } from "./media.ts";
import { Picture } from "./Picture.tsx";
import { Player } from "./Player.tsx";

/** Returns whether the file may say where, when and with which device it was made. */
export function mayHavePlace({ type, metadata }: FileInfo): boolean {
  if (metadata !== undefined) return metadata === "kept";
  // An earlier release stored it as it was.
  return type.startsWith("image/") || type.startsWith("video/");
}

export function Files({ message }: { message: MessageView }) {
  if (message.files.length === 0) return null;
  const pictures = message.files.filter(isPicture);
  const others = message.files.filter((file) => !isPicture(file));
  const across = columns(pictures.length);
  return (
    <div className={s.files}>
      {pictures.length > 0 && (
        <div
          className={across === 1 ? s.single : s.grid}
          style={across === 1 ? undefined : { gridTemplateColumns: `repeat(${across}, minmax(0, 1fr))` }}
        >
          {pictures.map((file) => (
            <Picture
              key={file.id}
              file={file}
              tile={across > 1}
              title={mayHavePlace(file) ? t("file.mayHavePlace") : undefined}
              message={message}
            />
          ))}
        </div>
      )}
      {others.map((file) => {
        const kind = playsAs(file);
        return kind === null ? (
          <FileCard key={file.id} file={file} />
        ) : (
          <Player key={file.id} file={file} kind={kind} message={message}>
            <FileCard file={file} />
          </Player>
        );
      })}
    </div>
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
