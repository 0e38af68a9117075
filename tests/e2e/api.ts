/** Owns the requests of a user without a page, for users who only have to be present or to write. */
const PASSWORD = "correct horse battery staple";

interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly user: { readonly id: string; readonly name: string };
}

export class Api {
  private constructor(
    private readonly url: string,
    private tokens: Tokens,
  ) {}

  /** Creates an account. */
  static async register(url: string, name: string): Promise<Api> {
    return new Api(url, (await call(url, null, "/api/auth/register", { name, password: PASSWORD })) as Tokens);
  }

  /** Signs in with the password that {@link register} sets. */
  static async login(url: string, name: string): Promise<Api> {
    return new Api(url, (await call(url, null, "/api/auth/login", { name, password: PASSWORD })) as Tokens);
  }

  /** Signs a guest in, which saves the server a password hash. */
  static async guest(url: string, name: string): Promise<Api> {
    return new Api(url, (await call(url, null, "/api/auth/guest", { name })) as Tokens);
  }

  /** Gets a new access token: one is valid for a quarter of an hour. */
  async renew(): Promise<void> {
    const { refresh_token } = this.tokens;
    this.tokens = (await call(this.url, null, "/api/auth/refresh", { refresh_token })) as Tokens;
  }

  get name(): string {
    return this.tokens.user.name;
  }

  async createRoom(name: string, slug: string): Promise<void> {
    await this.post("/api/rooms", { id: slug, name, description: "", kind: "public" });
  }

  /** Creates a private room that hides from new members what came before them. Returns its id. */
  async createHiddenRoom(name: string): Promise<string> {
    const room = { name, description: "", kind: "private", hides_past: true };
    return ((await this.post("/api/rooms", room)) as { id: string }).id;
  }

  /** Pins a message. */
  async pin(room: string, seq: number): Promise<void> {
    await call(this.url, this.tokens.access_token, `/api/rooms/${room}/pins/${seq}`, null, "PUT");
  }

  /** Deletes a message. */
  async remove(room: string, seq: number): Promise<void> {
    await call(this.url, this.tokens.access_token, `/api/rooms/${room}/messages/${seq}`, null, "DELETE");
  }

  /** Creates a private room. Returns its id. */
  async createPrivate(name: string): Promise<string> {
    return ((await this.post("/api/rooms", { name, description: "", kind: "private" })) as { id: string }).id;
  }

  /** As a moderator: invites, removes or bans a user. */
  async act(room: string, what: "invite" | "kick" | "ban" | "archive", user?: string, why?: string): Promise<void> {
    await this.post(`/api/rooms/${room}/${what}`, { ...(user && { user }), ...(why && { why }) });
  }

  async join(room: string): Promise<void> {
    await this.post(`/api/rooms/${room}/join`);
  }

  /** Posts a message. Returns its `seq`. */
  async say(room: string, text: string): Promise<number> {
    return ((await this.post(`/api/rooms/${room}/messages`, { text })) as { seq: number }).seq;
  }

  /** Answers a message. Returns the answer's `seq`. */
  async reply(room: string, seq: number, text: string): Promise<number> {
    return ((await this.post(`/api/rooms/${room}/messages`, { text, reply_to: seq })) as { seq: number }).seq;
  }

  /** As an admin, makes a link with which a user chooses a new password. Returns its path. */
  async resetLink(user: string): Promise<string> {
    return ((await this.post(`/api/admin/users/${user}/reset-link`)) as { path: string }).path;
  }

  /** Ends all other sessions of the user. */
  async signOutOthers(): Promise<void> {
    const { items } = (await this.get("/api/auth/sessions")) as { items: { id: string; current: boolean }[] };
    for (const { id } of items.filter(({ current }) => !current)) {
      const answer = await fetch(`${this.url}/api/auth/sessions/${id}`, { method: "DELETE", headers: this.headers });
      if (!answer.ok) throw new Error(`DELETE session: ${answer.status}`);
    }
  }

  /** Finds a user by the whole handle. */
  async find(name: string): Promise<{ readonly id: string }> {
    const { items } = (await this.get(`/api/auth/users?prefix=${name}`)) as { items: { id: string; name: string }[] };
    const found = items.find((user) => user.name === name);
    if (found === undefined) throw new Error(`nobody is called ${name}`);
    return found;
  }

  /** Changes the user's display name. */
  async rename(displayName: string): Promise<void> {
    await call(this.url, this.tokens.access_token, "/api/auth/me", { display_name: displayName }, "PATCH");
  }

  async updateRoom(room: string, change: { readonly name: string; readonly description: string }): Promise<void> {
    await call(this.url, this.tokens.access_token, `/api/rooms/${room}`, change, "PATCH");
  }

  /** Returns the ids of a room's files. */
  async files(room: string): Promise<string[]> {
    const { id } = (await this.get(`/api/rooms/${room}`)) as { id: string };
    const page = (await this.get(`/api/files?room_id=${id}`)) as { items: { id: string }[] };
    return page.items.map((file) => file.id);
  }

  /** Returns the answer with a file's bytes. */
  download(file: string): Promise<Response> {
    return fetch(`${this.url}/api/files/${file}/download`, { headers: this.headers });
  }

  /** Opens the direct room with a user. Returns its id. */
  async direct(user: string): Promise<string> {
    return ((await this.post("/api/rooms/direct", { user })) as { id: string }).id;
  }

  private get headers(): Record<string, string> {
    return { Authorization: `Bearer ${this.tokens.access_token}` };
  }

  private async get(path: string): Promise<unknown> {
    const answer = await fetch(this.url + path, { headers: this.headers });
    if (!answer.ok) throw new Error(`GET ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  private post(path: string, body: object = {}): Promise<unknown> {
    return call(this.url, this.tokens.access_token, path, body);
  }
}

/** Sends a request, and retries when the server says when: a shared installation keeps its default limits. */
async function call(url: string, token: string | null, path: string, body: object | null, method = "POST"): Promise<unknown> {
  const headers = { "Content-Type": "application/json", ...(token === null ? {} : { Authorization: `Bearer ${token}` }) };
  const answer = await fetch(url + path, { method, headers, ...(body === null ? {} : { body: JSON.stringify(body) }) });
  const text = await answer.text();
  const wait = Number(answer.headers.get("Retry-After"));
  if (answer.status === 429 && wait > 0) {
    await new Promise((resolve) => setTimeout(resolve, wait * 1_000));
    return call(url, token, path, body, method);
  }
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return text === "" ? null : JSON.parse(text);
}
