/** Owns `GET /api/config`: what a server offers, for everyone, also before a sign-in. */
import type { Host } from "../host/host.ts";
import type { ServerConfig } from "../types.ts";
import { call, json } from "./call.ts";

/** Asks once; after a failure, asks again. */
export class ConfigCache {
  private asked: Promise<ServerConfig> | null = null;

  private readonly host: Host;
  private readonly baseUrl: string;

  constructor(
    host: Host,
    baseUrl: string,
  ) {
    this.host = host;
    this.baseUrl = baseUrl;
  }

  get(): Promise<ServerConfig> {
    this.asked ??= this.ask();
    return this.asked;
  }

  private async ask(): Promise<ServerConfig> {
    try {
      return await json(await call(this.host, this.baseUrl, { method: "GET", path: "/api/config" }));
    } catch (error) {
      this.asked = null;
      throw error;
    }
  }
}
