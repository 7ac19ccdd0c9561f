import { randomBytes } from 'node:crypto';
import { OptionsValidationError } from '../errors.js';
import { TOKEN_SIZE } from './protocol.js';

export interface ProcessProxyServerOptions {
  /**
   * What an executable has to bring in `PROCESS_PROXY_TOKEN`: 1 to 128 bytes without NUL. It is compared in constant time.
   * @default 32 random bytes, in hexadecimal; none where `validateConnection` is given
   */
  token?: string | undefined;
  /**
   * Whether an executable with this token may connect. A rejection counts as `false`, and is an `'error'` of the server.
   * With `token` too, it is asked about those that bring that one; without, about all.
   */
  validateConnection?: ((token: string) => boolean | Promise<boolean>) | undefined;
  /**
   * In ms, how long a new connection may take to say what it is.
   * @default 1000
   */
  handshakeTimeout?: number | undefined;
  /**
   * In ms, how long both sides try to go on with a new socket when theirs breaks.
   * @default 5000
   */
  reconnectTimeout?: number | undefined;
  /**
   * In ms, how often an executable is asked for input that does not send it by itself, as the published one.
   * @default 100
   */
  pollingInterval?: number | undefined;
}

export interface ResolvedOptions {
  /** For the environment of executables. */
  token: string;
  /** Whether others are refused. */
  requiresToken: boolean;
  validateConnection: (token: string) => boolean | Promise<boolean>;
  handshakeTimeout: number;
  reconnectTimeout: number;
  pollingInterval: number;
}

const names = ['token', 'validateConnection', 'handshakeTimeout', 'reconnectTimeout', 'pollingInterval'];
/** The longest delay that a Node timer knows, in ms. */
const MAX_DELAY = 2 ** 31 - 1;

/** @throws {OptionsValidationError} */
export function resolveOptions(options: ProcessProxyServerOptions): ResolvedOptions {
  const unknown = Object.keys(options).find((name) => !names.includes(name));
  if (unknown !== undefined) throw invalid(`\`${unknown}\` is no option; known are ${names.join(', ')}.`);
  const { token, validateConnection } = options;
  if (token !== undefined && !isToken(token)) {
    throw invalid(`\`token\` has to be a string of 1 to ${TOKEN_SIZE} bytes without NUL.`);
  }
  if (validateConnection !== undefined && typeof validateConnection !== 'function') {
    throw invalid('`validateConnection` has to be a function that takes a token and returns whether it is accepted.');
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

function isToken(token: unknown): boolean {
  if (typeof token !== 'string' || token.includes('\0')) return false;
  const size = Buffer.byteLength(token);
  return size > 0 && size <= TOKEN_SIZE;
}

function delay(name: string, value: unknown, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (typeof value === 'number' && value > 0 && value <= MAX_DELAY) return Math.ceil(value);
  throw invalid(`\`${name}\` has to be a number of ms from 1 to ${MAX_DELAY}.`);
}

function invalid(problem: string): OptionsValidationError {
  return new OptionsValidationError(`new ProcessProxyServer(): ${problem}`);
}
