/** Owns requests to the server that the screenshots are taken of, made as one user, with short calls for seeding. */

const PASSWORD = "correct horse battery staple";

export class Api {
  /** @param {string} base */
  constructor(base) {
    this.base = base;
    this.token = "";
    this.user = { id: "", name: "" };
  }

  /** Creates an account. @param {string} base @param {string} name @param {string | null} displayName */
  static async register(base, name, displayName) {
    const api = new Api(base);
    const answer = await api.post("/api/auth/register", { name, password: PASSWORD });
    api.token = answer.access_token;
    api.user = answer.user;
    if (displayName !== null) await api.send("PATCH", "/api/auth/me", { display_name: displayName });
    return api;
  }

  /** @param {string} path @param {unknown} [body] */
  post(path, body = {}) {
    return this.send("POST", path, body);
  }

  /** @param {string} method @param {string} path @param {unknown} body */
  async send(method, path, body) {
    const form = body instanceof FormData;
    const answer = await fetch(this.base + path, {
      method,
      headers: {
        ...(form ? {} : { "Content-Type": "application/json" }),
        ...(this.token === "" ? {} : { Authorization: `Bearer ${this.token}` }),
      },
      body: form ? body : JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === "" ? null : JSON.parse(text);
  }

  /** @param {string} room @param {string} text @param {object} [more] @returns {Promise<number>} the message's seq */
  async say(room, text, more = {}) {
    return (await this.post(`/api/rooms/${encodeURIComponent(room)}/messages`, { text, ...more })).seq;
  }

  /** @param {string} room @param {number} seq @param {string} emoji */
  react(room, seq, emoji) {
    return this.post(`/api/rooms/${encodeURIComponent(room)}/messages/${seq}/reactions`, { emoji, on: true });
  }

  /** @param {string} room @param {string} name @param {Uint8Array} bytes @param {string} type @returns {Promise<string>} its id */
  async upload(room, name, bytes, type) {
    const form = new FormData();
    form.set("room_id", room);
    form.set("file", new Blob([/** @type {BlobPart} */ (bytes)], { type }), name);
    return (await this.send("POST", "/api/files/upload", form)).id;
  }
}

export { PASSWORD };
