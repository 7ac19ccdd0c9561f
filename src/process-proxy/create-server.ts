import { Server, type AddressInfo, type ServerOpts } from 'node:net';
import { ProcxyError } from '../errors.js';
import { Acceptor } from './acceptor.js';
import type { ProcessProxyConnection } from './connection.js';
import { checkNames, environmentOf, resolveOptions, type ProcessProxyServerOptions } from './options.js';

/**
 * The options of `net.createServer()` and of {@link ProcessProxyServerOptions}.
 *
 * @example
 * ```ts
 * const options: ProxyProcessServerOptions = { token: 'secret' };
 * createProxyProcessServer((connection) => void connection.exit(0), options);
 * ```
 */
export interface ProxyProcessServerOptions extends ServerOpts, Omit<ProcessProxyServerOptions, 'token'> {
  /**
   * The value that an executable needs in `PROCESS_PROXY_TOKEN`: 1 to 128 bytes without NUL. It is compared in constant time.
   * @default none: without `validateConnection`, every program on this machine may connect
   */
  token?: string | undefined;
}

const serverOptions = ['allowHalfOpen', 'pauseOnConnect', 'noDelay', 'keepAlive', 'keepAliveInitialDelay'];
const otherServerOptions = ['highWaterMark', 'blockList'];

/**
 * A `net.Server` whose sockets belong to executables. `close()` accepts no more of them, and leaves the open ones alone.
 *
 * @example
 * ```ts
 * const server: ProxyProcessServer = createProxyProcessServer((connection) => void connection.exit(0));
 * server.listen(0, '127.0.0.1');
 * ```
 */
export class ProxyProcessServer extends Server {
  readonly #token: string;

  /** @internal */
  constructor(listener: (connection: ProcessProxyConnection) => void, options: ProxyProcessServerOptions) {
    const { token, validateConnection, handshakeTimeout, reconnectTimeout, pollingInterval, ...server } = options;
    checkNames('createProxyProcessServer()', server, [...serverOptions, ...otherServerOptions]);
    const own = {
      token,
      validateConnection: validateConnection ?? acceptAll,
      handshakeTimeout,
      reconnectTimeout,
      pollingInterval,
    };
    const resolved = resolveOptions('createProxyProcessServer()', own);
    super({ noDelay: true, ...server });
    this.#token = resolved.token;
    const acceptor = new Acceptor(resolved, {
      hasListener: () => true,
      onConnection: listener,
      onError: (error) => {
        if (this.listenerCount('error') > 0) this.emit('error', error);
      },
    });
    this.on('connection', (socket) => acceptor.add(socket));
  }

  /**
   * The variables that an executable needs in its environment. They contain the token, so do not share them.
   * @throws {ProcxyError} while the server does not listen on a port
   */
  get env(): Record<string, string> {
    const address = this.address() as AddressInfo | string | null;
    if (!address || typeof address === 'string') {
      throw new ProcxyError(
        'The server has no port, because it does not listen on one. Wait for its `listening` event first.',
      );
    }
    return environmentOf(address.port, this.#token);
  }
}

const acceptAll = (): boolean => true;

/**
 * Creates a server for executables, like that of `process-proxy` 0.6.0. You choose its port: call `listen(port, '127.0.0.1')`.
 *
 * @param listener takes each executable that connects
 * @throws {OptionsValidationError}
 * @example
 * ```ts
 * const server = createProxyProcessServer((connection) => void connection.exit(0), { token: 'secret' });
 * server.listen(0, '127.0.0.1');
 * ```
 */
export function createProxyProcessServer(
  listener: (connection: ProcessProxyConnection) => void,
  options: ProxyProcessServerOptions = {},
): ProxyProcessServer {
  return new ProxyProcessServer(listener, options);
}
