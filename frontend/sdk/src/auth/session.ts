/**
 * Owns the signed-in session: the access token (in memory, never on disk) and its renewal.
 * The refresh token is an HttpOnly cookie that no script can read; without cookies (Node) it is kept in memory.
 *
 * Tabs share one refresh: it runs under a Web Lock, and the tab that ran it broadcasts the result on a channel, so that a tab
 * that waited for the lock takes the new token instead of requesting another one.
 */
import { PalaverError } from "../errors.js";
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
} from "../generated/wire.js";
import type { Channel, Host } from "../host/host.js";
import { call, json } from "../rest/call.js";

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
   * Called when the session has ended, here or in another tab. Not called after `logout`.
   * @param forget whether the user (or an admin) ended it from elsewhere, so that nothing of theirs may stay on this device.
   */
  onSignedOut(forget: boolean): void;
  /** Called when the cookie belongs to another person, because someone signed in as them in another tab. */
  onOtherUser(user: UserSelf): void;
}

export class Session {
  private access: Access | null = null;
  private refreshToken: string | null = null;
  /** User that the requests belong to: a token of another user must not carry them. */
  private expected: string | null = null;
  private refreshing: Promise<Access> | null = null;
  private readonly channel: Channel;

  constructor(
    private readonly host: Host,
    private readonly baseUrl: string,
    private readonly events: SessionEvents,
  ) {
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

  /**
   * Finds out from the cookie whether there is a session: returns the user, or null. Rejects when the server does not answer.
   */
  async resume(): Promise<UserSelf | null> {
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
    if (access !== null) this.channel.post({ type: "signed_out", user: access.user.id } satisfies TabMessage);
  }

  reset(body: ResetBody): Promise<UserSelf> {
    return this.signIn("/api/auth/reset", body, null);
  }

  async logout(): Promise<void> {
    const { access } = this;
    try {
      const body = this.refreshToken === null ? {} : { refresh_token: this.refreshToken };
      await call(this.host, this.baseUrl, { method: "POST", path: "/api/auth/logout", body, token: access?.token ?? null });
    } finally {
      this.forget();
      if (access !== null) this.channel.post({ type: "signed_out", user: access.user.id } satisfies TabMessage);
    }
  }

  forget(): void {
    this.access = null;
    this.refreshToken = null;
    this.expected = null;
  }

  close(): void {
    this.channel.close();
  }

  private async signIn(path: string, body: unknown, token: string | null): Promise<UserSelf> {
    const answer = await call(this.host, this.baseUrl, { method: "POST", path, body, token });
    this.expected = null;
    return this.accept(await json<Tokens>(answer)).user;
  }

  private accept(tokens: Tokens): Access {
    const until = this.host.now() + tokens.expires_in * 1000;
    this.access = { token: tokens.access_token, until, user: tokens.user };
    // The field is missing when the token travels as a cookie or has not changed.
    if (tokens.refresh_token !== undefined) this.refreshToken = tokens.refresh_token;
    this.channel.post({ type: "access", access: this.access } satisfies TabMessage);
    return this.access;
  }

  /** Runs one refresh at a time, in this tab and across tabs. `before` is the token that the caller found to be too old. */
  private renewed(before: Access | null): Promise<Access> {
    this.refreshing ??= this.host.locks
      .hold(`palaver-refresh:${this.baseUrl}`, {}, async () => {
        // Another tab may have refreshed while this one waited.
        if (this.access !== null && this.access !== before) return this.access;
        const body = this.refreshToken === null ? {} : { refresh_token: this.refreshToken };
        const answer = await call(this.host, this.baseUrl, { method: "POST", path: "/api/auth/refresh", body });
        return this.accept(await json<Tokens>(answer));
      })
      .then((access) => {
        if (this.expected === null || access.user.id === this.expected) return access;
        this.events.onOtherUser(access.user);
        throw new PalaverError("network", "Another user has signed in on this device. Reload the page.");
      })
      .catch((error: unknown) => {
        if (error instanceof PalaverError && isSignedOut(error)) {
          const had = this.access !== null || before !== null;
          this.forget();
          if (had || error.code === FORGET) this.events.onSignedOut(error.code === FORGET);
        }
        throw error;
      })
      .finally(() => {
        this.refreshing = null;
      });
    return this.refreshing;
  }

  private onOtherTab(message: TabMessage): void {
    if (message.type === "access") {
      // A tab that signs in as another user does not change who this tab is; the next refresh finds out.
      const id = this.expected ?? this.access?.user.id ?? null;
      if (id !== null && id === message.access.user.id) this.access = message.access;
    } else if (this.access?.user.id === message.user) {
      this.forget();
      this.events.onSignedOut(false);
    }
  }
}

/** The code of a session that was ended from another device. */
const FORGET = "signed_out";

/** Returns whether the session has ended, so that no retry will help. */
export function isSignedOut(error: PalaverError): boolean {
  return error.code === "unauthenticated" || error.status === 401;
}
