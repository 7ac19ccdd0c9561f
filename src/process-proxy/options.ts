import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { MAX_DELAY } from '../clock.js';
import { OptionsValidationError } from '../errors.js';
import { TOKEN_SIZE } from './protocol.js';

export interface ProcessProxyServerOptions {
  /**
   * The value that an executable needs in `PROCESS_PROXY_TOKEN`: 1 to 128 bytes without NUL. It is compared in constant time.
   * @default 32 random bytes in hexadecimal. With `validateConnection`, no token is required.
   */
  token?: string | undefined;
  /**
   * Returns whether an executable with this token may connect. A rejection counts as `false`, and is an `'error'` of the server.
   * If you set `token` too, only executables with that token are asked about.
   */
  validateConnection?: ((token: string) => boolean | Promise<boolean>) | undefined;
  /**
   * How long a new connection may take to send its hello, in ms.
   * @default 1000
   */
  handshakeTimeout?: number | undefined;
  /**
   * How long both sides try to replace a broken socket, in ms.
   * @default 5000
   */
  reconnectTimeout?: number | undefined;
  /**
   * How often an executable without sessions is polled for input, in ms. The published executable is one.
   * @default 100
   */
  pollingInterval?: number | undefined;
}

export interface ResolvedOptions {
  /** The token for the environment of executables. */
  token: string;
  /** Whether other tokens are refused. */
  requiresToken: boolean;
  validateConnection: (token: string) => boolean | Promise<boolean>;
  handshakeTimeout: number;
  reconnectTimeout: number;
  pollingInterval: number;
}

const names = ['token', 'validateConnection', 'handshakeTimeout', 'reconnectTimeout', 'pollingInterval'];

/** @throws {OptionsValidationError} */
export function resolveOptions(options: ProcessProxyServerOptions): ResolvedOptions {
  const unknown = Object.keys(options).find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw invalid(`needs options that it knows, but got \`${unknown}\`. Use one of ${names.join(', ')}.`);
  const { token, validateConnection } = options;
  if (token !== undefined && !isToken(token)) {
    throw invalid(
      `needs a \`token\` that is a string of 1 to ${TOKEN_SIZE} bytes without NUL, but got ${withoutContent(token)}.`,
    );
  }
  if (validateConnection !== undefined && typeof validateConnection !== 'function') {
    throw invalid(
      `needs a function as \`validateConnection\`, but got ${inspect(validateConnection)}. It takes a token and returns whether to accept it.`,
    );
  }
  return {
    token: token ?? randomBytes(32).toString('hex'),
    requiresToken: token !== undefined || validateConnection === undefined,
    validateConnection: validateConnection ?? (() => true),
    handshakeTimeout: delay('handshakeTimeout', options.handshakeTimeout, 1000),
    reconnectTimeout: delay('reconnectTimeout', options.reconnectTimeout, 5000),
    pollingInterval: delay('pollingInterval', options.pollingInterval, 100),
  };
}

/** A wrong token is a secret all the same. */
function withoutContent(token: unknown): string {
  if (typeof token !== 'string') return `a value of the type ${typeof token}`;
  return token.includes('\0') ? 'one that contains NUL' : `${Buffer.byteLength(token)} bytes`;
}

function isToken(token: unknown): boolean {
  if (typeof token !== 'string' || token.includes('\0')) return false;
  const size = Buffer.byteLength(token);
  return size > 0 && size <= TOKEN_SIZE;
}

function delay(name: string, value: unknown, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (typeof value === 'number' && value > 0 && value <= MAX_DELAY) return Math.ceil(value);
  throw invalid(`needs \`${name}\` in ms, from 1 to ${MAX_DELAY}, but got ${inspect(value)}.`);
}

function invalid(problem: string): OptionsValidationError {
  return new OptionsValidationError(`new ProcessProxyServer() ${problem}`);
}
