import { once } from 'node:events';
import { createServer } from 'node:net';
import { ChildCrashedError, HandleTransferError, procxy } from 'procxy';
import { WebServer } from './web-server.js';

/**
 * @typedef {import('procxy').Procxy<WebServer, { supportHandles: true }>} WebServerProxy
 * @typedef {import('node:net').Socket} Socket
 */

/** Listens on a port and hands each connection to one of its child processes, in turn. A child that dies is replaced. */
export class Balancer {
  /** Connections whose child in turn was dead, and that another one took. */
  takenByAnother = 0;
  /** Connections that a child took along when it died, before it said that it has them. */
  lostOnTheWay = 0;
  /** @type {Map<string, WebServerProxy>} those that live, by name; the next in turn is the first */
  #children = new Map();
  /** @type {Promise<void>} */
  #replacement = Promise.resolve();
  #names = 0;
  #closing = false;
  #server = createServer({ pauseOnConnect: true }, (socket) => void this.#handOver(socket));

  get children() {
    return [...this.#children];
  }

  /** @param {number} size how many children there shall be */
  async listen(size) {
    await Promise.all(Array.from({ length: size }, () => this.#startChild()));
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    return /** @type {import('node:net').AddressInfo} */ (this.#server.address()).port;
  }

  async close() {
    this.#closing = true;
    this.#server.close();
    await this.#replacement;
    await Promise.all([...this.#children.values()].map((child) => child.$terminate()));
  }

  async #startChild() {
    const name = `child ${++this.#names}`;
    const child = await procxy(WebServer, './web-server.js', { supportHandles: true }, name);
    this.#children.set(name, child);
    // `$exited` comes later: when the last of what the child had sent is read, too.
    child.$process.once('exit', () => {
      this.#children.delete(name);
      if (!this.#closing) this.#replacement = this.#startChild();
    });
  }

  /** @param {Socket} socket */
  async #handOver(socket) {
    let failures = 0;
    for (;;) {
      const child = await this.#next();
      try {
        await child.serve(socket);
        if (failures > 0) this.takenByAnother++;
        return;
      } catch (error) {
        // The socket is no longer here: nobody can serve it now, and its client has to connect again.
        if (error instanceof HandleTransferError) return void this.lostOnTheWay++;
        // The child is dead. If the socket had not left yet, another child takes it.
        if (!(error instanceof ChildCrashedError)) throw error;
        failures++;
      }
    }
  }

  /** @returns {Promise<WebServerProxy>} */
  async #next() {
    const [next] = this.#children;
    if (!next) {
      await this.#replacement;
      return this.#next();
    }
    const [name, child] = next;
    this.#children.delete(name);
    this.#children.set(name, child);
    return child;
  }
}
