import { createHash, timingSafeEqual } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout } from '../clock.js';
import { ProcxyError } from '../errors.js';
import { isError } from '../realm.js';
import { ProcessProxyConnection } from './connection.js';
import { Handshakes } from './handshake.js';
import { resolveOptions, type ProcessProxyServerOptions, type ResolvedOptions } from './options.js';
import { PlainLink } from './plain-link.js';
import { Variable, Welcome, type Hello } from './protocol.js';
import { SessionLink } from './session-link.js';

export interface ServerEvents {
  /** An executable has connected, with a token that is accepted. One that comes while nobody listens is refused. */
  connection: [connection: ProcessProxyConnection];
  /** The server's own: `validateConnection` failed, or the port. It is not thrown where nobody listens. */
  error: [error: Error];
}

type Session = NonNullable<Hello['session']>;

interface OpenSession {
  link: SessionLink;
  token: string;
}

/** Waits on a port of 127.0.0.1 for executables that were started with `env`. */
export class ProcessProxyServer extends EventEmitter<ServerEvents> {
  readonly #options: ResolvedOptions;
  readonly #handshakes: Handshakes;
  readonly #connections = new Set<ProcessProxyConnection>();
  /** By id. A session stays here until its link closes. */
  readonly #sessions = new Map<string, OpenSession>();
  /** Being validated. */
  readonly #pending = new Set<Socket>();
  #server: Server | undefined;
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  /** @throws {OptionsValidationError} */
  constructor(options: ProcessProxyServerOptions = {}) {
    super();
    this.#options = resolveOptions(options);
    this.#handshakes = new Handshakes(this.#options.handshakeTimeout, (socket, hello) => {
      void this.#welcome(socket, hello);
    });
  }

  /** Listens on a free port of 127.0.0.1. Does nothing when it does already; a stopped server starts anew, on another port. */
  async start(): Promise<void> {
    await this.#stopping;
    this.#starting ??= this.#listen();
    await this.#starting;
  }

  /** Ends every connection and closes the port. Resolves when both is done. */
  async stop(): Promise<void> {
    this.#stopping ??= this.#close().finally(() => {
      this.#stopping = undefined;
    });
    await this.#stopping;
  }

  /** @throws {ProcxyError} before `start()` has resolved, and after `stop()` */
  getPort(): number {
    return this.address().port;
  }

  /** @throws {ProcxyError} before `start()` has resolved, and after `stop()` */
  address(): AddressInfo {
    const address = this.#server?.address();
    if (!address || typeof address === 'string') {
      throw new ProcxyError('The ProcessProxyServer has no port: it is not started. Await its start() first.');
    }
    return address;
  }

  /**
   * What an executable needs in its environment. It holds the token: give it to nobody else.
   * @throws {ProcxyError} before `start()` has resolved, and after `stop()`
   */
  get env(): Record<string, string> {
    const port = String(this.getPort());
    return { [Variable.PORT]: port, [Variable.TOKEN]: this.#options.token, [Variable.SESSION]: `1:${port}` };
  }

  /** As `stop()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #listen(): Promise<void> {
    const server = createServer({ noDelay: true }, (socket) => this.#handshakes.add(socket));
    this.#server = server;
    try {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      server.on('error', (error) => this.#report(error));
    } catch (error) {
      this.#starting = this.#server = undefined;
      throw error;
    }
  }

  async #close(): Promise<void> {
    await this.#starting?.catch(() => {});
    const server = this.#server;
    if (!server) return;
    const closed = once(server, 'close');
    server.close();
    this.#starting = this.#server = undefined;
    this.#handshakes.close();
    for (const socket of this.#pending) socket.destroy();
    const gone = [...this.#connections].map((connection) => {
      connection.close();
      return new Promise((resolve) => void connection.once('close', () => resolve(undefined)));
    });
    await Promise.all([closed, ...gone]);
  }

  async #welcome(socket: Socket, hello: Hello): Promise<void> {
    const known = hello.session && this.#sessions.get(hello.session.id);
    if (hello.session && known) this.#resume(socket, hello.session, known, hello.token);
    else if (hello.session?.resumes || !(await this.#accepts(socket, hello.token))) refuse(socket, hello);
    else if (!socket.destroyed) this.#connect(socket, hello);
  }

  #resume(socket: Socket, session: Session, { link, token }: OpenSession, brought: string): void {
    if (isSame(token, brought) && link.canResume(session.received)) link.attach(socket, session);
    else refuse(socket, { token: brought, session });
  }

  async #accepts(socket: Socket, token: string): Promise<boolean> {
    const { requiresToken, validateConnection } = this.#options;
    if (requiresToken && !isSame(token, Buffer.from(this.#options.token).toString('latin1'))) return false;
    this.#pending.add(socket);
    try {
      const accepted = await validateConnection(Buffer.from(token, 'latin1').toString());
      return accepted === true && this.listenerCount('connection') > 0;
    } catch (error) {
      this.#report(isError(error) ? error : new ProcxyError(`validateConnection threw ${String(error)}.`));
      return false;
    } finally {
      this.#pending.delete(socket);
    }
  }

  #connect(socket: Socket, { token, session }: Hello): void {
    const link = session ? new SessionLink(session.processId, this.#options.reconnectTimeout) : new PlainLink(socket);
    const connection = new ProcessProxyConnection(link, {
      token: Buffer.from(token, 'latin1').toString(),
      hasSession: session !== undefined,
      pollingInterval: this.#options.pollingInterval,
    });
    this.#connections.add(connection);
    if (session && link instanceof SessionLink) {
      this.#sessions.set(session.id, { link, token });
      link.attach(socket, session);
    }
    connection.once('disconnect', () => session && this.#sessions.delete(session.id));
    connection.once('close', () => this.#connections.delete(connection));
    this.emit('connection', connection);
  }

  #report(error: Error): void {
    if (this.listenerCount('error') > 0) this.emit('error', error);
  }
}

/** For so many ms an executable is let read that it is refused. */
const REFUSE_GRACE = 500;

function refuse(socket: Socket, { session }: Hello): void {
  if (!session) socket.destroy();
  else {
    socket.on('end', () => socket.destroy()).resume();
    socket.end(Buffer.from([Welcome.REFUSED]));
    setTimeout(() => socket.destroy(), REFUSE_GRACE).unref();
  }
}

/** In a time that does not depend on where they differ. */
function isSame(one: string, other: string): boolean {
  const [left, right] = [one, other].map((text) => createHash('sha256').update(text, 'latin1').digest());
  return left !== undefined && right !== undefined && timingSafeEqual(left, right);
}
