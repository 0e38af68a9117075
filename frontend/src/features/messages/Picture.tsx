/**
 * Owns one picture of a message. One that moves is shown as it is, since its preview stands still; for who prefers less motion it
 * stands still until it is played.
 */
import type { FileInfo, MessageView } from "@palaver/sdk";
import { useClient } from "@palaver/sdk/react";
import { useEffect, useRef, useState } from "react";
import { t } from "../../i18n/index.ts";
import { useMedia } from "../../lib/hooks.ts";
import { useFileUrl } from "../../ui/fileUrl.ts";
import { Icon } from "../../ui/Icon.tsx";
import { useRow } from "./context.ts";
import s from "./Files.module.css";
import { mayMove, pictureBox } from "./media.ts";

interface Props {
  readonly file: FileInfo;
  readonly message: MessageView;
  /** Whether it is one of several, in a grid. */
  readonly tile: boolean;
  readonly title: string | undefined;
}

export function Picture({ file, message, tile, title }: Props) {
  const { actions } = useRow();
  const calm = useMedia("(prefers-reduced-motion: reduce)");
  const original = mayMove(file);
  const { url, failed } = useFileUrl(file, original || file.thumbnail !== true ? "full" : "thumbnail");
  const moves = useMoves(file, original && calm);
  const [plays, setPlays] = useState(false);
  const stands = original && calm && !plays;
  const box = pictureBox(file.width ?? 1, file.height ?? 1);
  return (
    <div
      className={s.picture}
      data-tile={tile || undefined}
      style={tile ? undefined : { width: box.width, aspectRatio: `${box.width} / ${box.height}` }}
    >
      <button
        type="button"
        className={s.view}
        aria-label={t("file.open", { name: file.name })}
        title={title}
        onClick={() => actions.view(file, message)}
      >
        {url !== null &&
          (stands ? <Still url={url} name={file.name} /> : <img src={url} alt={file.name} draggable={false} />)}
        {failed && (
          <span className={s.failed}>
            <Icon name="image" />
            {t("file.failed")}
          </span>
        )}
      </button>
      {moves && url !== null && (
        <button
          type="button"
          className={s.play}
          aria-label={t(plays ? "file.pause" : "file.play", { name: file.name })}
          onClick={() => setPlays(!plays)}
        >
          <Icon name={plays ? "pause" : "play"} size={18} />
        </button>
      )}
    </div>
  );
}

/** Returns whether the picture has more than one frame. Looks only if that matters. */
function useMoves(file: FileInfo, matters: boolean): boolean {
  const client = useClient();
  const [moves, setMoves] = useState(false);
  useEffect(() => {
    if (!matters) {
      setMoves(false);
      return;
    }
    let current = true;
    client.isAnimated(file).then(
      (found) => current && setMoves(found),
      () => undefined,
    );
    return () => {
      current = false;
    };
  }, [client, file, matters]);
  return moves;
}

/** Shows the first frame only. */
function Still({ url, name }: { url: string; name: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const picture = new Image();
    picture.onload = () => {
      const target = canvas.current;
      if (target === null) return;
      target.width = picture.naturalWidth;
      target.height = picture.naturalHeight;
      target.getContext("2d")?.drawImage(picture, 0, 0);
    };
    picture.src = url;
    return () => {
      picture.onload = null;
    };
  }, [url]);
  return <canvas ref={canvas} role="img" aria-label={name} />;
}
