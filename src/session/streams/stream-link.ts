import type { Codec } from '../../codec/codec.js';
import type { Send } from '../wire/parcel.js';

/** What the stream table offers its streams. */
export interface StreamLink {
  readonly codec: Codec;
  /** Whether byte streams may use the data socket as well as the channel. */
  hasDataSocket(): boolean;
  /** Sends a message in order with calls and answers. */
  readonly send: Send;
  isOpen(id: number): boolean;
  forget(id: number): void;
}
