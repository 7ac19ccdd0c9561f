import { once } from 'node:events';
import { createServer } from 'node:http';

/** How many requests a token is good for. */
const USES = 3;

/** An HTTP server that answers whoever has a token of its own, for a while. */
export class ProtectedServer {
  answered = 0;
  refused = 0;
  /** @type {Map<string, number>} how often each token may still be used */
  #tokens = new Map();
  #http = createServer((request, response) => {
    const token = request.headers.authorization?.replace(/^Bearer /, '') ?? '';
    const uses = this.#tokens.get(token) ?? 0;
    this.#tokens.set(token, uses - 1);
    if (uses > 0) this.answered++;
    else this.refused++;
    response.writeHead(uses > 0 ? 200 : 401, { 'content-type': 'application/json' });
    response.end(JSON.stringify(uses > 0 ? { path: request.url } : { error: 'no valid token' }));
  });

  get issued() {
    return this.#tokens.size;
  }

  async listen() {
    await once(this.#http.listen(0, '127.0.0.1'), 'listening');
    const { port } = /** @type {import('node:net').AddressInfo} */ (this.#http.address());
    return `http://127.0.0.1:${port}`;
  }

  issueToken() {
    const token = crypto.randomUUID();
    this.#tokens.set(token, USES);
    return token;
  }

  close() {
    this.#http.close();
  }
}
