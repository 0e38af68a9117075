/** Owns `/api/files`. */
import type { FilePage, FileView } from "../generated/wire.js";
import type { UploadOptions } from "../types.js";
import type { Http } from "./http.js";

export function filesApi(http: Http) {
  const at = (id: string, rest = "") => `/api/files/${encodeURIComponent(id)}${rest}`;
  return {
    upload(room: string, file: Blob & { readonly name?: string }, { onProgress, signal }: UploadOptions = {}) {
      const form = new FormData();
      // The room comes first, so that the server can refuse before it has read the bytes.
      form.set("room_id", room);
      form.set("file", file, file.name ?? "file");
      return http.upload<FileView>("/api/files/upload", form, {
        ...(onProgress === undefined ? {} : { onProgress }),
        ...(signal === undefined ? {} : { signal }),
      });
    },
    list: (room: string, query: { before?: string; limit?: number } = {}) =>
      http.json<FilePage>({ method: "GET", path: "/api/files", query: { room_id: room, ...query } }),
    get: (id: string) => http.json<FileView>({ method: "GET", path: at(id) }),
    download: (id: string) => http.blob(at(id, "/download")),
    thumbnail: (id: string) => http.blob(at(id, "/thumbnail")),
    remove: (id: string) => http.json<unknown>({ method: "DELETE", path: at(id) }),
  };
}
