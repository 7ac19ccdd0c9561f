import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { MAX_DELAY } from '../clock.js';
import { OptionsValidationError } from '../errors.js';
import { TOKEN_SIZE, Variable } from './protocol.js';

/**
 * The options of a {@link ProcessProxyServer}. All are optional.
 *
 * @example
 * ```ts
 * const options: ProcessProxyServerOptions = { handshakeTimeout: 5000 };
 * const server = new ProcessProxyServer(options);
 * ```
 */
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

/**
 * @param caller the function or constructor that was given the options
 * @throws {OptionsValidationError}
 */
export function resolveOptions(caller: string, options: ProcessProxyServerOptions): ResolvedOptions {
  checkNames(caller, options, names);
  const { token, validateConnection } = options;
  if (token !== undefined && !isToken(token)) {
    const what = `a \`token\` that is a string of 1 to ${TOKEN_SIZE} bytes without NUL`;
    throw new OptionsValidationError(`${caller} needs ${what}, but got ${withoutContent(token)}.`);
  }
  if (validateConnection !== undefined && typeof validateConnection !== 'function') {
    throw new OptionsValidationError(
      `${caller} needs a function as \`validateConnection\`, but got ${inspect(validateConnection)}. It takes a token and returns whether to accept it.`,
    );
  }
  const delay = (name: 'handshakeTimeout' | 'reconnectTimeout' | 'pollingInterval', byDefault: number): number => {
    const value: unknown = options[name] ?? byDefault;
    if (typeof value === 'number' && value > 0 && value <= MAX_DELAY) return Math.ceil(value);
    throw new OptionsValidationError(
      `${caller} needs \`${name}\` in ms, from 1 to ${MAX_DELAY}, but got ${inspect(value)}.`,
    );
  };
  return {
    token: token ?? randomBytes(32).toString('hex'),
    requiresToken: token !== undefined || validateConnection === undefined,
    validateConnection: validateConnection ?? (() => true),
    handshakeTimeout: delay('handshakeTimeout', 1000),
    reconnectTimeout: delay('reconnectTimeout', 5000),
    pollingInterval: delay('pollingInterval', 100),
  };
}

/** @throws {OptionsValidationError} for an option whose name is not one of `known` */
export function checkNames(caller: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new OptionsValidationError(
    `${caller} needs options that it knows, but got \`${unknown}\`. Use one of ${known.join(', ')}.`,
  );
}

/** The variables that an executable needs in its environment. */
export function environmentOf(port: number, token: string): Record<string, string> {
  return { [Variable.PORT]: String(port), [Variable.TOKEN]: token, [Variable.SESSION]: `1:${port}` };
}

/** Describes a token without its content: even a wrong token may be a secret. */
function withoutContent(token: unknown): string {
  if (typeof token !== 'string') return `a value of the type ${typeof token}`;
  return token.includes('\0') ? 'one that contains NUL' : `${Buffer.byteLength(token)} bytes`;
}

function isToken(token: unknown): boolean {
  if (typeof token !== 'string' || token.includes('\0')) return false;
  const size = Buffer.byteLength(token);
  return size > 0 && size <= TOKEN_SIZE;
}
