import { createHash, timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import { inspect } from 'node:util';
import { clearInterval, setInterval, setTimeout } from '../clock.js';
import { ProcxyError } from '../errors.js';
import { isError } from '../realm.js';
import { ByteLink } from './byte-link.js';
import { ProcessProxyConnection } from './connection.js';
import { Handshakes } from './handshake.js';
import type { ResolvedOptions } from './options.js';
import { PlainLink } from './plain-link.js';
import { Welcome, type Hello } from './protocol.js';

/** How often an executable hears that its token is still being validated, in ms. It gives up after 10 s of silence. */
const WAIT_INTERVAL = 1000;

/** How long a refused executable may take to read the refusal, in ms. */
const REFUSE_GRACE = 500;

/** What an {@link Acceptor} tells its server. */
export interface AcceptorEvents {
  /** Whether the server has a listener for connections. Otherwise, executables are refused. */
  hasListener(): boolean;
  /** An executable with an accepted token has connected. */
  onConnection(connection: ProcessProxyConnection): void;
  /** `validateConnection` failed. */
  onError(error: Error): void;
}

interface Session {
  link: ByteLink;
  token: string;
}

/** Turns the sockets of a server into connections. */
export class Acceptor {
  readonly #options: ResolvedOptions;
  readonly #events: AcceptorEvents;
  readonly #handshakes: Handshakes;
  readonly #connections = new Set<ProcessProxyConnection>();
  /** By id. A session stays here until its link closes. */
  readonly #sessions = new Map<string, Session>();
  /** The sockets whose tokens are being validated. */
  readonly #validating = new Set<Socket>();

  constructor(options: ResolvedOptions, events: AcceptorEvents) {
    this.#options = options;
    this.#events = events;
    this.#handshakes = new Handshakes(options.handshakeTimeout, (socket, hello) => void this.#greet(socket, hello));
  }

  add(socket: Socket): void {
    this.#handshakes.add(socket);
  }

  /** Ends every connection. Resolves when all are closed. */
  async close(): Promise<void> {
    this.#handshakes.close();
    for (const socket of this.#validating) socket.destroy();
    const closed = [...this.#connections].map((connection) => {
      connection.close();
      return new Promise((resolve) => void connection.once('close', () => resolve(undefined)));
    });
    await Promise.all(closed);
  }

  async #greet(socket: Socket, hello: Hello): Promise<void> {
    const known = hello.session && this.#sessions.get(hello.session.id);
    if (hello.session && known) {
      if (isSame(known.token, hello.token) && known.link.canResume(hello.session.received)) {
        known.link.attach(socket, hello.session);
      } else refuse(socket, hello);
    } else if (hello.session?.resumes || !(await this.#accepts(socket, hello))) refuse(socket, hello);
    else if (!socket.destroyed) this.#connect(socket, hello);
  }

  async #accepts(socket: Socket, { token, session }: Hello): Promise<boolean> {
    const { requiresToken, validateConnection } = this.#options;
    if (requiresToken && !isSame(token, Buffer.from(this.#options.token).toString('latin1'))) return false;
    this.#validating.add(socket);
    const signs = session && setInterval(() => socket.write(Buffer.from([Welcome.WAIT])), WAIT_INTERVAL);
    try {
      const accepted = await validateConnection(toText(token));
      return accepted === true && this.#events.hasListener();
    } catch (error) {
      this.#events.onError(
        isError(error) ? error : new ProcxyError(`validateConnection() failed, got ${inspect(error)}.`),
      );
      return false;
    } finally {
      this.#validating.delete(socket);
      clearInterval(signs);
    }
  }

  #connect(socket: Socket, { token, session }: Hello): void {
    const link = session ? new ByteLink(session.processId, this.#options.reconnectTimeout) : new PlainLink(socket);
    const connection = new ProcessProxyConnection(link, {
      token: toText(token),
      hasSession: session !== undefined,
      pollingInterval: this.#options.pollingInterval,
    });
    this.#connections.add(connection);
    if (session && link instanceof ByteLink) {
      this.#sessions.set(session.id, { link, token });
      link.attach(socket, session);
    }
    connection.once('disconnect', () => session && this.#sessions.delete(session.id));
    connection.once('close', () => this.#connections.delete(connection));
    this.#events.onConnection(connection);
  }
}

function refuse(socket: Socket, { session }: Hello): void {
  if (!session) socket.destroy();
  else {
    socket.on('end', () => socket.destroy()).resume();
    socket.end(Buffer.from([Welcome.REFUSED]));
    setTimeout(() => socket.destroy(), REFUSE_GRACE).unref();
  }
}

/** Decodes a token, whose characters are its bytes. */
function toText(token: string): string {
  return Buffer.from(token, 'latin1').toString();
}

/** Compares in a time that does not depend on where the two differ. */
function isSame(one: string, other: string): boolean {
  const [left, right] = [one, other].map((text) => createHash('sha256').update(text, 'latin1').digest());
  return left !== undefined && right !== undefined && timingSafeEqual(left, right);
}
