/** Owns how a component gets the bytes of a file: the SDK fetches them with the session's token. */
import type { FileInfo } from "@palaver/sdk";
import { useClient } from "@palaver/sdk/react";
import { useCallback, useEffect, useState } from "react";

interface Loaded {
  readonly url: string | null;
  readonly failed: boolean;
}

const LOADING: Loaded = { url: null, failed: false };

export function useFileUrl(file: FileInfo, which: "full" | "thumbnail"): Loaded {
  const client = useClient();
  const [loaded, setLoaded] = useState<Loaded>(LOADING);
  useEffect(() => {
    let current = true;
    setLoaded(LOADING);
    client.fileUrl(file, which).then(
      (url) => current && setLoaded({ url, failed: false }),
      () => current && setLoaded({ url: null, failed: true }),
    );
    return () => {
      current = false;
    };
  }, [client, file, which]);
  return loaded;
}

/** Saves a file under its name. */
export function useDownload(): (file: FileInfo) => Promise<void> {
  const client = useClient();
  return useCallback(
    async (file) => {
      const link = document.createElement("a");
      link.href = await client.fileUrl(file, "full");
      link.download = file.name;
      link.click();
    },
    [client],
  );
}
