import { jsonLines } from '../channel/dialect.js';
import type { Decoder } from '../channel/decoder.js';
import { describeReason, ProtocolError } from '../errors.js';
import { isObject } from '../is-object.js';
import type { LoadRequest } from '../protocol.js';

/**
 * The messages of the control lane, as lines of JSON. They start and end an instance.
 *
 *     client                          host
 *       │──── open ───────────────────▶│  checks it, starts the child
 *       │◀─── opened | refused ────────│
 *       │         …                    │
 *       │◀─── draining ────────────────│  the host will end, and takes no new instances
 *       │──── end ────────────────────▶│  ends the child
 *       │◀─── ended ───────────────────│  the child has ended, and all that it sent has arrived
 */
export type FromClient = Open | End;

/** Requests an instance. */
export interface Open {
  type: 'open';
  /** The client's version of procxy. */
  procxy: string;
  /** The name of the class, and the version that is needed. */
  class: string;
  version?: string | undefined;
  /** ms after which the client gives a silent host up. */
  lease: number;
  /** The id of the call that asks the agent for its class. The host asks in the client's place. */
  callId: number;
  request: ClientRequest;
}

/** What the client decides of its instance. */
export type ClientRequest = {
  [
    K in 'create' | 'serialization' | 'callbacks' | 'references' | 'mirror' | 'heartbeat' | 'terminateTimeout' | 'trace'
  ]: LoadRequest[K] | undefined;
} & Pick<LoadRequest, 'serialization'>;

export interface End {
  type: 'end';
  how: 'term' | 'kill';
}

export type FromHost = Opened | Refused | Ended | { type: 'draining' };

export interface Opened {
  type: 'opened';
  pid: number;
  machine: string;
}

export interface Refused {
  type: 'refused';
  reason: string;
}

export interface Ended {
  type: 'ended';
  code: number | null;
  signal: string | null;
  /** Why the host ended it, if it did. */
  reason?: string | undefined;
  stderr?: string | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

const isText = (value: unknown): boolean => typeof value === 'string';

/** Whether the fields of a host's message have the right types, by the type of the message. */
const checks: Readonly<Record<FromHost['type'], (fields: Fields) => boolean>> = {
  opened: ({ pid, machine }) => Number.isSafeInteger(pid) && isText(machine),
  refused: ({ reason }) => isText(reason),
  draining: () => true,
  ended: ({ code, signal, reason, stderr }) =>
    (code === null || Number.isSafeInteger(code)) &&
    (signal === null || isText(signal)) &&
    [reason, stderr].every((text) => text === undefined || isText(text)),
};

/**
 * Checks a message of a host, which is not trusted.
 * @throws {ProtocolError}
 */
export function readFromHost(message: { readonly type: unknown }): FromHost {
  const { type } = message;
  const check = typeof type === 'string' && Object.hasOwn(checks, type) ? checks[type as FromHost['type']] : undefined;
  if (check?.(message as unknown as Fields)) return message as FromHost;
  throw new ProtocolError(`The host sent a message that is not known here, got the type ${describeReason(type)}.`);
}

/** The longest line, in bytes. */
const MAX_LINE = 256 * 1024;

export function encodeControl(message: FromClient | FromHost): Buffer {
  return Buffer.from(jsonLines.encode(message));
}

/**
 * Reads messages of the other end. Their fields are not checked yet.
 * @param onMessage may throw a {@link ProtocolError}
 */
export function controlDecoder(onMessage: (message: { readonly type: unknown }) => void): Decoder {
  return jsonLines.createDecoder({
    maxMessageBytes: MAX_LINE,
    onMessage(message) {
      if (!isObject(message) || !('type' in message)) {
        throw new ProtocolError('A message that starts or ends an instance was expected, but it has no type.');
      }
      onMessage(message as { type: unknown });
    },
    onError(error) {
      throw error;
    },
  });
}
