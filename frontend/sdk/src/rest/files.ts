/** Owns `/api/files`, and how a file is uploaded: through the server, or directly to its file store. */
import { PalaverError } from "../errors.ts";
import type { FilePage, FileView, PresignBody, PresignView } from "../generated/wire.ts";
import type { UploadOptions } from "../types.ts";
import type { Http } from "./http.ts";

/** Files of more bytes go directly to the file store, if the server has one that accepts uploads. */
const DIRECT_ABOVE = 2 * 1024 * 1024;
const PRESIGN = "/api/files/presign";

type Named = Blob & { readonly name?: string };

export function filesApi(http: Http) {
  const at = (id: string, rest = "") => `/api/files/${encodeURIComponent(id)}${rest}`;
  /** Stays true until the server says that all bytes go through it. */
  let mayBeDirect = true;

  function uploadThroughServer(room: string, file: Named, original: boolean, options: UploadOptions): Promise<FileView> {
    const form = new FormData();
    // The room comes first, so that the server can refuse before it has read the bytes.
    form.set("room_id", room);
    if (original) form.set("original", "true");
    form.set("file", file, nameOf(file));
    return http.upload<FileView>("/api/files/upload", form, options);
  }

  /** Uploads to the file store. Resolves to null when all bytes go through the server. */
  async function uploadDirectly(room: string, file: Named, original: boolean, options: UploadOptions): Promise<FileView | null> {
    const { signal } = options;
    const stop = signal === undefined ? {} : { signal };
    const body: PresignBody = { room_id: room, name: nameOf(file), size: file.size, ...(original ? { original } : {}) };
    const { upload } = await http.json<PresignView>({ method: "POST", path: PRESIGN, body, ...stop });
    mayBeDirect = upload !== null;
    if (upload === null) return null;
    await http.put(upload, file, options);
    const complete = () => http.json<FileView>({ method: "POST", path: at(upload.id, "/complete"), ...stop });
    return complete().catch((error: unknown) => {
      // All bytes are uploaded, and a retry gets the same answer: one failed request must not lose them.
      if (signal?.aborted || !(error instanceof PalaverError) || !["network", "unavailable"].includes(error.code)) throw error;
      return complete();
    });
  }

  return {
    async upload(room: string, file: Named, { onProgress, signal, original = false }: UploadOptions = {}): Promise<FileView> {
      const options = { ...(onProgress === undefined ? {} : { onProgress }), ...(signal === undefined ? {} : { signal }) };
      if (mayBeDirect && file.size > DIRECT_ABOVE) {
        const direct = await uploadDirectly(room, file, original, options);
        if (direct !== null) return direct;
      }
      try {
        return await uploadThroughServer(room, file, original, options);
      } catch (error) {
        const direct = mayBeDirect && isTooLargeForServer(error) ? await uploadDirectly(room, file, original, options) : null;
        if (direct === null) throw error;
        return direct;
      }
    },
    list: (room: string, query: { before?: string; limit?: number } = {}) =>
      http.json<FilePage>({ method: "GET", path: "/api/files", query: { room_id: room, ...query } }),
    get: (id: string) => http.json<FileView>({ method: "GET", path: at(id) }),
    download: (id: string) => http.blob(at(id, "/download")),
    thumbnail: (id: string) => http.blob(at(id, "/thumbnail")),
    remove: (id: string) => http.json<unknown>({ method: "DELETE", path: at(id) }),
  };
}

function nameOf(file: Named): string {
  return file.name ?? "file";
}

/**
 * Returns whether the server says that larger files have another way, or something in front of it (API Gateway, a proxy) says
 * just 413.
 */
function isTooLargeForServer(error: unknown): boolean {
  if (!(error instanceof PalaverError) || error.code !== "too_large") return false;
  return error.problem.code === undefined || error.message.includes(PRESIGN);
}
