/**
 * Owns how a client finds out who is signed in: the last user's cache shows at once, and the server's answer counts as soon as
 * there is one. Never signs anybody in or out itself.
 */
import type { Session } from "../auth/session.ts";
import type { StartOutcome } from "../chat-client.ts";
import type { Host } from "../host/host.ts";
import type { Storage } from "../storage/storage.ts";
import type { Person } from "../types.ts";
import type { SessionSearch } from "./session-search.ts";
import type { Store } from "./store.ts";

/** How long `start` waits for the server before it says that the client is offline. */
const ANSWER_MS = 2_000;

export interface StartupDeps {
  readonly host: Host;
  readonly store: Store;
  readonly storage: Storage;
  readonly session: Session;
  readonly search: SessionSearch;
  /** Shows the user's cache and connects. */
  readonly signedIn: (user: Person) => Promise<void>;
}

export class Startup {
  private readonly deps: StartupDeps;

  constructor(deps: StartupDeps) {
    this.deps = deps;
  }

  /** Resolves once the server has said who is signed in, or after `ANSWER_MS`; by then the cache shows. */
  async begin(): Promise<StartOutcome> {
    const { host, store, storage, session, signedIn } = this.deps;
    const search = this.deps.search.start();
    const answered = store.when(
      (core) => core.session === "signed_out" || (core.session === "signed_in" && session.isConfirmed),
      ANSWER_MS,
      host,
    );
    // The last user's cache is drawn at once; the socket finds out whether the session is still valid.
    const last = await storage.lastUser();
    if (last !== null) await signedIn(last);
    else void search();

    await answered;
    if (store.core.session === "signed_out") return "signed_out";
    return store.core.session === "signed_in" && session.isConfirmed ? "signed_in" : "offline";
  }
}
