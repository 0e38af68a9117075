/** Owns a web server for folders, on an origin of its own: what anybody may serve a page with. */
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

export class Folder {
  private readonly folders = new Map<string, string>();
  private readonly server: Server;

  private constructor() {
    this.server = createServer(async (request, response) => {
      const [name = "", ...rest] = normalize(new URL(request.url ?? "/", "http://localhost").pathname).split("/").slice(1);
      const folder = this.folders.get(name);
      const body = folder === undefined ? null : await readFile(join(folder, ...rest)).catch(() => null);
      if (body === null) response.writeHead(404).end();
      else response.writeHead(200, { "Content-Type": TYPES[extname(request.url ?? "")] ?? "application/octet-stream" }).end(body);
    });
  }

  static async serve(): Promise<Folder> {
    const folder = new Folder();
    // Another host than the server's, which is 127.0.0.1: the pages are cross-site, and get no cookies.
    await new Promise<void>((resolve) => folder.server.listen(0, "localhost", resolve));
    return folder;
  }

  get origin(): string {
    return `http://localhost:${(this.server.address() as AddressInfo).port}`;
  }

  /** Serves a folder below `/name/`. */
  add(name: string, folder: string): void {
    this.folders.set(name, folder);
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}
