import { EventEmitter, once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { ProcxyError } from '../errors.js';
import { Acceptor } from './acceptor.js';
import type { ProcessProxyConnection } from './connection.js';
import { environmentOf, resolveOptions, type ProcessProxyServerOptions, type ResolvedOptions } from './options.js';

/**
 * The events of a {@link ProcessProxyServer}, with the arguments of their listeners.
 *
 * @example
 * ```ts
 * const names: (keyof ServerEvents)[] = ['connection', 'error'];
 * ```
 */
export interface ServerEvents {
  /** An executable with an accepted token has connected. Without a listener it is refused. */
  connection: [connection: ProcessProxyConnection];
  /** `validateConnection` or the port failed. Without a listener it is not thrown. */
  error: [error: Error];
}

/**
 * Waits on a port of 127.0.0.1 for executables that were started with `env`.
 *
 * @example
 * ```ts
 * const server = new ProcessProxyServer();
 * server.on('connection', async (connection) => {
 *   connection.stdout.write('hello\n');
 *   await connection.exit(0);
 * });
 * await server.start();
 * spawn(getExecutablePath(), { env: { ...process.env, ...server.env }, stdio: 'inherit' });
 * ```
 */
export class ProcessProxyServer extends EventEmitter<ServerEvents> {
  readonly #options: ResolvedOptions;
  readonly #acceptor: Acceptor;
  #server: Server | undefined;
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  /** @throws {OptionsValidationError} */
  constructor(options: ProcessProxyServerOptions = {}) {
    super();
    this.#options = resolveOptions('new ProcessProxyServer()', options);
    this.#acceptor = new Acceptor(this.#options, {
      hasListener: () => this.listenerCount('connection') > 0,
      onConnection: (connection) => void this.emit('connection', connection),
      onError: (error) => this.#report(error),
    });
  }

  /** Listens on a free port of 127.0.0.1. A second call does nothing. After `stop()`, the server starts again on another port. */
  async start(): Promise<void> {
    await this.#stopping;
    this.#starting ??= this.#listen();
    await this.#starting;
  }

  /** Ends every connection and closes the port. Resolves when both are done. */
  async stop(): Promise<void> {
    this.#stopping ??= this.#close().finally(() => {
      this.#stopping = undefined;
    });
    await this.#stopping;
  }

  /**
   * Returns the port of 127.0.0.1 on which it waits.
   * @throws {ProcxyError} before `start()` has resolved, and after `stop()`
   */
  getPort(): number {
    return this.address().port;
  }

  /**
   * Returns the address on which it waits, as `net.Server` does.
   * @throws {ProcxyError} before `start()` has resolved, and after `stop()`
   */
  address(): AddressInfo {
    const address = this.#server?.address();
    if (!address || typeof address === 'string') {
      throw new ProcxyError('The ProcessProxyServer has no port, because it is not started. Await its start() first.');
    }
    return address;
  }

  /**
   * The variables that an executable needs in its environment. They contain the token, so do not share them.
   * @throws {ProcxyError} before `start()` has resolved, and after `stop()`
   */
  get env(): Record<string, string> {
    return environmentOf(this.getPort(), this.#options.token);
  }

  /** The same as `stop()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #listen(): Promise<void> {
    const server = createServer({ noDelay: true }, (socket) => this.#acceptor.add(socket));
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
    await Promise.all([closed, this.#acceptor.close()]);
  }

  #report(error: Error): void {
    if (this.listenerCount('error') > 0) this.emit('error', error);
  }
}
