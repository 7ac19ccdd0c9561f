import { ProtocolError } from '../errors.js';

/** The channel closed within a message: whoever wrote it may have died over it. */
export class TruncatedMessage extends ProtocolError {}

export interface DecoderOptions {
  /** The longest message that is taken, in bytes. */
  maxMessageBytes: number;
  /** Takes each message, in its order. It must not throw. */
  onMessage(message: unknown): void;
  /** What came is no message, or the rest of one never came. Called at most once; nothing is read any more. */
  onError(error: ProtocolError): void;
}

/** Finds the messages in a stream of bytes. */
export interface Decoder {
  /** Takes what has arrived. It keeps the chunk, and does not change it. */
  push(chunk: Uint8Array): void;
  /** Nothing more arrives. A message of which only a part has come is an error. */
  end(): void;
}
