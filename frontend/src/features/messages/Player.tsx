/** Owns playing a sound or a film in its message. A large one loads when it is asked for, since its bytes pass through the page. */
import type { FileInfo, MessageView } from "@palaver/sdk";
import { type ReactNode, useState } from "react";
import { t } from "../../i18n/index.ts";
import { useFileUrl } from "../../ui/fileUrl.ts";
import { Icon } from "../../ui/Icon.tsx";
import { useRow } from "./context.ts";
import { MEDIA_BYTES } from "./media.ts";
import s from "./Player.module.css";

interface Props {
  readonly file: FileInfo;
  readonly kind: "audio" | "video";
  readonly message: MessageView;
  /** The file's card, to download it. */
  readonly children: ReactNode;
}

export function Player({ file, kind, message, children }: Props) {
  const [wanted, setWanted] = useState(file.size <= MEDIA_BYTES);
  return (
    <div className={s.player} data-kind={kind}>
      {wanted ? (
        <Media file={file} kind={kind} message={message} starts={file.size > MEDIA_BYTES} />
      ) : (
        <button
          type="button"
          className={s.load}
          aria-label={t("file.load", { name: file.name })}
          onClick={() => setWanted(true)}
        >
          <Icon name="play" size={28} />
        </button>
      )}
      {children}
    </div>
  );
}

interface MediaProps {
  readonly file: FileInfo;
  readonly kind: "audio" | "video";
  readonly message: MessageView;
  /** Whether it plays as soon as it is loaded, because the user asked for it. */
  readonly starts: boolean;
}

function Media({ file, kind, message, starts }: MediaProps) {
  const { keep } = useRow();
  const { url, failed } = useFileUrl(file, "full");
  const Element = kind;
  if (failed) return <p className={s.failed}>{t("file.failed")}</p>;
  return (
    <Element
      className={s.media}
      controls
      preload="metadata"
      autoPlay={starts}
      {...(url === null ? {} : { src: url })}
      {...(kind === "video" ? { playsInline: true } : {})}
      aria-label={file.name}
      onPlay={() => keep(message.key)}
      onPause={() => keep(null)}
      onEnded={() => keep(null)}
    />
  );
}
