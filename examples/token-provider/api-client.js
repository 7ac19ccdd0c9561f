/** Reads from an HTTP API that wants a token. It has none of its own: it asks for one when it needs one. */
export class ApiClient {
  #base;
  #getToken;
  /** @type {string | undefined} */
  #token;

  /**
   * @param {string} base
   * @param {() => Promise<string>} getToken
   */
  constructor(base, getToken) {
    this.#base = base;
    this.#getToken = getToken;
  }

  /**
   * @param {string} path
   * @returns {Promise<unknown>}
   */
  async get(path) {
    this.#token ??= await this.#getToken();
    const response = await this.#fetch(path, this.#token);
    if (response.status !== 401) return response.json();
    this.#token = await this.#getToken();
    const second = await this.#fetch(path, this.#token);
    if (!second.ok) throw new Error(`${path}: HTTP status ${second.status}`);
    return second.json();
  }

  /** @param {string} path @param {string} token */
  #fetch(path, token) {
    return fetch(new URL(path, this.#base), { headers: { Authorization: `Bearer ${token}` } });
  }
}
