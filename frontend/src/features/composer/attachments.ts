/** Owns the files waiting in a composer: they are uploaded at once, and sent with the message when complete. */
import type { FileInfo, RoomId } from "@palaver/sdk";
import { useClient } from "@palaver/sdk/react";
import { useCallback, useEffect, useRef, useState } from "react";
import { t } from "../../i18n/index.ts";
import { aborted, explain } from "../../lib/errors.ts";
import { size } from "../../lib/format.ts";
import { FILE_BYTES, FILES_PER_MESSAGE } from "../../lib/limits.ts";
import { toast } from "../../ui/Toasts.tsx";

export interface Attachment {
  readonly key: number;
  readonly file: File;
  /** For pictures: object URL of the bytes on this device. */
  readonly preview: string | null;
  /** Whether it is sent exactly as it is, with the place and camera data of a picture. */
  readonly original: boolean;
  /** From 0 to 1. */
  readonly progress: number;
  /** The server's record of the file; null until the upload is complete. */
  readonly info: FileInfo | null;
  readonly error: string | null;
}

interface Attachments {
  readonly items: readonly Attachment[];
  /** Whether all uploads are complete (or there are no files). */
  readonly complete: boolean;
  readonly add: (files: Iterable<File>) => void;
  readonly remove: (key: number) => void;
  /** Chooses whether a file is sent exactly as it is, and uploads it again. */
  readonly setOriginal: (key: number, original: boolean) => void;
  /** Empties the list after sending, without cancelling the uploads. */
  readonly clear: () => void;
}

let nextKey = 1;

export function useAttachments(room: RoomId): Attachments {
  const client = useClient();
  const [items, setItems] = useState<readonly Attachment[]>([]);
  const latest = useRef(items);
  latest.current = items;
  const running = useRef(new Map<number, AbortController>());

  const change = useCallback((key: number, part: Partial<Attachment>) => {
    setItems((all) => all.map((one) => (one.key === key ? { ...one, ...part } : one)));
  }, []);

  /** Deletes a file that is not sent after all, so that it no longer counts. The server would remove it after a day. */
  const forget = useCallback(
    (info: FileInfo | null) => {
      if (info !== null) client.deleteFile(info.id).catch(() => undefined);
    },
    [client],
  );

  const upload = useCallback(
    async ({ key, file, original }: Attachment) => {
      running.current.get(key)?.abort();
      const stop = new AbortController();
      running.current.set(key, stop);
      try {
        const onProgress = (sent: number, total: number) => change(key, { progress: total > 0 ? sent / total : 0 });
        const info = await client.upload(room, file, { signal: stop.signal, onProgress, original });
        // The answer was already on its way when the file was removed, or its other version was chosen.
        if (stop.signal.aborted) forget(info);
        else change(key, { info, progress: 1 });
      } catch (error) {
        if (!aborted(error)) change(key, { error: explain(error) });
      } finally {
        if (running.current.get(key) === stop) running.current.delete(key);
      }
    },
    [client, room, change, forget],
  );

  const add = useCallback(
    (files: Iterable<File>) => {
      const fitting = [...files].filter((file) => {
        if (file.size <= FILE_BYTES) return true;
        toast(t("upload.tooLarge", { name: file.name, max: size(FILE_BYTES) }));
        return false;
      });
      const left = FILES_PER_MESSAGE - latest.current.length;
      if (fitting.length > left) toast(t("upload.tooMany", { n: FILES_PER_MESSAGE }));
      const made = fitting.slice(0, left).map((file) => ({
        key: nextKey++,
        file,
        preview: file.type.startsWith("image/") ? URL.createObjectURL(file) : null,
        original: false,
        progress: 0,
        info: null,
        error: null,
      }));
      setItems((all) => [...all, ...made]);
      for (const one of made) void upload(one);
    },
    [upload],
  );

  const remove = useCallback(
    (key: number) => {
      running.current.get(key)?.abort();
      const gone = latest.current.find((one) => one.key === key);
      if (gone?.preview != null) URL.revokeObjectURL(gone.preview);
      forget(gone?.info ?? null);
      setItems((all) => all.filter((one) => one.key !== key));
    },
    [forget],
  );

  const setOriginal = useCallback(
    (key: number, original: boolean) => {
      const item = latest.current.find((one) => one.key === key);
      if (item === undefined || item.original === original) return;
      forget(item.info);
      const again = { ...item, original, progress: 0, info: null, error: null };
      change(key, again);
      void upload(again);
    },
    [change, forget, upload],
  );

  const clear = useCallback(() => {
    for (const { preview } of latest.current) if (preview !== null) URL.revokeObjectURL(preview);
    setItems([]);
  }, []);

  // Leaving the room abandons unsent files; the server removes them after a day.
  useEffect(
    () => () => {
      for (const stop of running.current.values()) stop.abort();
      for (const { preview } of latest.current) if (preview !== null) URL.revokeObjectURL(preview);
    },
    [],
  );

  return { items, complete: items.every((one) => one.info !== null), add, remove, setOriginal, clear };
}
