/**
 * Owns the signed-in session: the access token (in memory, never on disk) and its renewal.
 * The refresh token is an HttpOnly cookie that no script can read. A client to which the server sends no cookie (Node, a page of
 * another origin) keeps it in its `TokenStore`, which is the memory unless the application chose another one.
 *
 * Tabs share one refresh: it runs under a Web Lock, and the tab that ran it broadcasts the result on a channel, so that a tab
 * that waited for the lock takes the new token instead of requesting another one.
 */
import { PalaverError } from "../errors.ts";
import type {
  DeleteMe,
  GuestBody,
  LoginBody,
  Me,
  MePatch,
  RegisterBody,
  ResetBody,
  Setup,
  TicketAnswer,
  Tokens,
  UserSelf,
} from "../generated/wire.ts";
import type { Channel, Host } from "../host/host.ts";
import type { Ending } from "../types.ts";
import { call, json } from "../rest/call.ts";
import type { TokenStore } from "./token-store.ts";

/** Tokens that expire sooner than this are renewed before they are used. */
const RENEW_BEFORE_MS = 30_000;

interface Access {
  readonly token: string;
  readonly until: number;
  readonly user: UserSelf;
}

type TabMessage = { readonly type: "access"; readonly access: Access } | { readonly type: "signed_out"; readonly user: string };

export interface SessionEvents {
  /**
   * Called when the session has ended, here or in another tab. Not called after `logout`. If it was `signed_out` from
   * elsewhere, nothing of the user may stay on this device.
   */
  onSignedOut(why: Ending["why"]): void;
  /** Called when the cookie belongs to another person, because someone signed in as them in another tab. */
  onOtherUser(user: UserSelf): void;
}

export class Session {
  private readonly host: Host;
  private readonly baseUrl: string;
  private readonly events: SessionEvents;
  private readonly tokens: TokenStore;
  private access: Access | null = null;
  /** The newest refresh token, if the store did not take it: what is stored is then older, and must not be used. */
  private unstored: string | null = null;
  /** Whether the server returned the last refresh token in a body, and not as a cookie. */
  private inBody = false;
  /** User that the requests belong to: a token of another user must not carry them. */
  private expected: string | null = null;
  private refreshing: Promise<Access> | null = null;
  private ending: Ending["why"] | null = null;
  /** Whether the session has ended: what is still asked for in its name needs no refresh that can only be refused. */
  private over = false;
  private readonly channel: Channel;

  constructor(
    host: Host,
    baseUrl: string,
    events: SessionEvents,
    tokens: TokenStore,
  ) {
    this.host = host;
    this.baseUrl = baseUrl;
    this.events = events;
    this.tokens = tokens;
    this.channel = host.openChannel(`palaver-session:${baseUrl}`, (message) => this.onOtherTab(message as TabMessage));
  }

  async setup(): Promise<Setup> {
    return json(await call(this.host, this.baseUrl, { method: "GET", path: "/api/auth/setup" }));
  }

  async register(body: RegisterBody): Promise<UserSelf> {
    // The guest's token turns the guest into the account, which keeps the guest's id.
    return this.signIn("/api/auth/register", body, this.access?.user.guest === true ? await this.token() : null);
  }

  login(body: LoginBody): Promise<UserSelf> {
    return this.signIn("/api/auth/login", body, null);
  }

  guest(body: GuestBody): Promise<UserSelf> {
    return this.signIn("/api/auth/guest", body, null);
  }

  /** Returns why the server has refused the last session; null if there was none. */
  get endedBy(): Ending["why"] | null {
    return this.ending;
  }

  /**
   * Returns whether the server has put the refresh token into a body although the page calls its own origin: it does not take
   * that origin for its own.
   */
  get isForeign(): boolean {
    return this.inBody && (this.baseUrl === "" || this.baseUrl.startsWith("/"));
  }

  /**
   * Finds out from the cookie whether there is a session: returns the user, or null. Rejects when the server does not answer.
   * Asks nothing in a browser that has never signed in here.
   */
  async resume(): Promise<UserSelf | null> {
    const { deviceMemory } = this.host;
    this.over = false;
    const mayHaveCookie = deviceMemory === null || deviceMemory.get(this.mark) !== null;
    if (!mayHaveCookie && (await this.storedToken()) === null) return null;
    try {
      return (await this.renewed(null)).user;
    } catch (error) {
      if (error instanceof PalaverError && isSignedOut(error)) return null;
      throw error;
    }
  }

  /** Returns an access token that stays valid for a while. */
  async token(): Promise<string> {
    const { access } = this;
    if (access !== null && access.until - this.host.now() > RENEW_BEFORE_MS) return access.token;
    return (await this.renewed(access)).token;
  }

  /** Returns another token than `refused`, which the server no longer accepts. */
  async renew(refused: string | null): Promise<string> {
    const { access } = this;
    if (access !== null && refused !== null && access.token !== refused) return access.token;
    return (await this.renewed(access)).token;
  }

  /** Whether the server has said that there is a session: the cache alone does not know. */
  get isConfirmed(): boolean {
    return this.access !== null;
  }

  /** From now on only returns tokens of this user; null accepts any user. */
  expect(user: string | null): void {
    this.expected = user;
  }

  async ticket(): Promise<string> {
    const answer = await call(this.host, this.baseUrl, { method: "POST", path: "/api/auth/ticket", token: await this.token() });
    return (await json<TicketAnswer>(answer)).ticket;
  }

  async me(): Promise<Me> {
    return json(await call(this.host, this.baseUrl, { method: "GET", path: "/api/auth/me", token: await this.token() }));
  }

  async updateMe(body: MePatch): Promise<Me> {
    return json(await call(this.host, this.baseUrl, { method: "PATCH", path: "/api/auth/me", body, token: await this.token() }));
  }

  /** Deletes the account. The session is forgotten only if that succeeds. */
  async deleteMe(body: DeleteMe): Promise<void> {
    const token = await this.token();
    const { access } = this;
    await call(this.host, this.baseUrl, { method: "DELETE", path: "/api/auth/me", body, token });
    this.forget();
    await this.clearToken();
    if (access !== null) this.channel.post({ type: "signed_out", user: access.user.id } satisfies TabMessage);
  }

  reset(body: ResetBody): Promise<UserSelf> {
    return this.signIn("/api/auth/reset", body, null);
  }

  async logout(): Promise<void> {
    const { access } = this;
    const presented = await this.storedToken();
    try {
      const body = presented === null ? {} : { refresh_token: presented };
      await call(this.host, this.baseUrl, { method: "POST", path: "/api/auth/logout", body, token: access?.token ?? null });
    } finally {
      this.forget();
      await this.clearToken();
      if (access !== null) this.channel.post({ type: "signed_out", user: access.user.id } satisfies TabMessage);
    }
  }

  forget(): void {
    this.over = true;
    this.host.deviceMemory?.remove(this.mark);
    this.access = null;
    this.unstored = null;
    this.expected = null;
  }

  close(): void {
    this.channel.close();
  }

  /** Key of the mark that says that this browser may have a session's cookie, which no script can see. */
  private get mark(): string {
    return `palaver-session:${this.baseUrl}`;
  }

  private async signIn(path: string, body: unknown, token: string | null): Promise<UserSelf> {
    const answer = await call(this.host, this.baseUrl, { method: "POST", path, body, token });
    this.expected = null;
    return (await this.accept(await json<Tokens>(answer))).user;
  }

  private async accept(tokens: Tokens): Promise<Access> {
    const until = this.host.now() + tokens.expires_in * 1000;
    const access = { token: tokens.access_token, until, user: tokens.user };
    this.access = access;
    // The field is missing when the token travels as a cookie or has not changed.
    this.inBody = tokens.refresh_token !== undefined;
    if (tokens.refresh_token !== undefined) await this.storeToken(tokens.refresh_token);
    this.ending = null;
    this.over = false;
    this.host.deviceMemory?.set(this.mark, "1");
    this.channel.post({ type: "access", access } satisfies TabMessage);
    return access;
  }

  /** Runs one refresh at a time, in this tab and across tabs. `before` is the token that the caller found to be too old. */
  private renewed(before: Access | null): Promise<Access> {
    if (this.over) return Promise.reject(new PalaverError("unauthenticated", "Sign in first.", 401));
    this.refreshing ??= this.host.locks
      .hold(`palaver-refresh:${this.baseUrl}`, {}, async () => {
        // Another tab may have refreshed while this one waited.
        if (this.access !== null && this.access !== before) return this.access;
        const presented = await this.storedToken();
        const body = presented === null ? {} : { refresh_token: presented };
        try {
          const answer = await call(this.host, this.baseUrl, { method: "POST", path: "/api/auth/refresh", body });
          return await this.accept(await json<Tokens>(answer));
        } catch (error) {
          // Only the token that was refused: another tab may have signed in meanwhile, and stored its own.
          if (error instanceof PalaverError && isSignedOut(error)) await this.clearToken(presented);
          throw error;
        }
      })
      .then((access) => {
        if (this.expected === null || access.user.id === this.expected) return access;
        this.events.onOtherUser(access.user);
        throw new PalaverError("network", "Another user has signed in on this device. Reload the page.");
      })
      .catch((error: unknown) => {
        if (error instanceof PalaverError && isSignedOut(error)) {
          const had = this.access !== null || before !== null;
          const why = error.code === FORGET ? FORGET : "expired";
          const isNews = had || why === FORGET || this.host.deviceMemory?.get(this.mark) != null;
          this.forget();
          this.ending = isNews ? why : null;
          if (had || why === FORGET) this.events.onSignedOut(why);
        }
        throw error;
      })
      .finally(() => {
        this.refreshing = null;
      });
    return this.refreshing;
  }

  /** Returns the newest refresh token: another tab may have stored a newer one than this tab received. */
  private async storedToken(): Promise<string | null> {
    return this.unstored ?? (await attempt(() => this.tokens.load()));
  }

  /** A store that fails must not keep a user from signing in: the session then lasts as long as the page. */
  private async storeToken(token: string): Promise<void> {
    this.unstored = token;
    const saved = await attempt(async () => {
      await this.tokens.save(token);
      return true;
    });
    if (saved) this.unstored = null;
    else await this.clearToken();
  }

  /** Deletes the stored token; with `only`, unless another one is stored by now. */
  private async clearToken(only: string | null = null): Promise<void> {
    await attempt(async () => {
      if (only === null || (await this.tokens.load()) === only) await this.tokens.clear();
    });
  }

  private onOtherTab(message: TabMessage): void {
    if (message.type === "access") {
      // A tab that signs in as another user does not change who this tab is; the next refresh finds out.
      const id = this.expected ?? this.access?.user.id ?? null;
      if (id !== null && id === message.access.user.id) this.access = message.access;
    } else if (this.access?.user.id === message.user) {
      this.forget();
      this.events.onSignedOut("other_tab");
    }
  }
}

/** Uses the token store, which is the application's: what it throws must not end a session. */
async function attempt<T>(use: () => T | Promise<T>): Promise<T | null> {
  try {
    return await use();
  } catch {
    return null;
  }
}

/** The code of a session that was ended from another device. */
const FORGET = "signed_out";

/** Returns whether the session has ended, so that no retry will help. */
export function isSignedOut(error: PalaverError): boolean {
  return error.code === "unauthenticated" || error.status === 401;
}
