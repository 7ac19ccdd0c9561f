import type { Codec } from '../../codec/codec.js';
import type { Send } from '../wire/parcel.js';

/** What the table does for the streams in it. */
export interface StreamLink {
  readonly codec: Codec;
  /** Whether messages of streams of bytes may come by the data socket as well as by the channel. */
  hasDataSocket(): boolean;
  /** Sends a message in order with calls and answers. */
  readonly send: Send;
  isOpen(id: number): boolean;
  forget(id: number): void;
}
