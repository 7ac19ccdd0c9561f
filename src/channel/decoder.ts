import { ProtocolError } from '../errors.js';
import type { ByteReader } from './fast-socket.js';

/** The channel closed in the middle of a message. The writer may have died. */
export class TruncatedMessage extends ProtocolError {}

export interface DecoderOptions {
  /** The longest message that is accepted, in bytes. */
  maxMessageBytes: number;
  /** Called with each message, in order. It must not throw. */
  onMessage(message: unknown): void;
  /** Called at most once, when data is not a message, or the rest of a message is missing. Nothing more is read. */
  onError(error: ProtocolError): void;
}

/** Finds the messages in a stream of bytes. An incomplete message at the end is an error. */
export type Decoder = ByteReader;
