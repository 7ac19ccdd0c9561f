import type { Codec } from '../../codec/codec.js';
import type { Message } from '../../protocol.js';

/** What the table does for the streams in it. */
export interface StreamLink {
  readonly codec: Codec;
  /** Whether messages of streams of bytes may come by the data socket as well as by the channel. */
  hasDataSocket(): boolean;
  /** Sends a message, in order with calls and answers. */
  send(build: () => Message, failed?: (error: unknown) => void): void;
  isOpen(id: number): boolean;
  forget(id: number): void;
}
