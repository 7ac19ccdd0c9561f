import type { Codec, Encoded, Origin } from '../codec/codec.js';
import { createCodec, type CodecOptions } from '../codec/create-codec.js';
import type { TransferHandler } from '../codec/transfer-handlers.js';
import type { SerializationError } from '../errors.js';
import type { Wire } from '../protocol.js';
import type { SerializationMode } from '../types/serializable.js';
import { Callbacks, type CallbacksOptions } from './functions/callbacks.js';
import { Handles } from './handles.js';
import { Collection } from './lifetimes/collection.js';
import type { SessionPart } from './part.js';
import { Session, type SessionOptions } from './session.js';
import { Signals } from './signals.js';
import { openDataLink, type DataLane } from './streams/data-link.js';
import type { DataLink } from './streams/stream-sender.js';
import { Streams } from './streams/streams.js';

/** What each side knows before it knows what will cross. */
export interface SessionSetup extends Omit<SessionOptions, 'codec'>, Pick<CodecOptions, 'self' | 'ownFile'> {
  /** Asked before those that every session has. */
  transfers?: readonly TransferHandler[];
  isParent: boolean;
}

/** What crosses besides plain data: both sides must agree on it. */
export interface Carried {
  mode: SerializationMode;
  handles: boolean;
  /** Left out where functions do not cross. */
  callbacks?: Omit<CallbacksOptions, 'isParent'> | undefined;
  /** Left out where bytes have only the channel. */
  bytes?: DataLane | undefined;
}

/** One side's end of the conversation, assembled. */
export interface OpenSession {
  readonly session: Session;
  readonly codec: Codec;
  /**
   * Adds what crosses from now on. The parent calls it at once, the child when it is told. Before that only plain data can be read
   * and written, which is the same in every mode.
   * @returns the functions, where they cross
   */
  carry(carried: Carried): Callbacks | undefined;
}

/** Puts a channel, a codec and the parts of a session together, in the same way for both sides. */
export function openSession({ isParent, self, ownFile, transfers = [], ...options }: SessionSetup): OpenSession {
  const codecOptions = { self, ownFile, handlers: transfers };
  const codec = new CurrentCodec(createCodec({ ...codecOptions, mode: 'json' }));
  const session = new Session({ ...options, codec });
  const onBusy = (busy: boolean): void => options.onBusy?.(busy);

  const carry = ({ mode, handles: withHandles, callbacks: limits, bytes }: Carried): Callbacks | undefined => {
    let data: DataLink | undefined;
    const openData = (): DataLink | undefined =>
      (data ??= bytes && openDataLink(bytes, mode, session.inbox, streams.table));
    const handles = withHandles ? new Handles() : undefined;
    const functions = limits && new Callbacks({ ...limits, isParent });
    const streams: Streams = new Streams({ isParent, data: openData, onBusy });
    const signals = new Signals();
    const collection = functions && new Collection({ isParent, imported: [functions] });
    const parts: (SessionPart | undefined)[] = [handles, functions, collection, streams, signals];
    for (const part of parts) if (part) session.use(part);
    codec.current = createCodec({ ...codecOptions, mode, handles, functions, streams, signals });
    // The parent reads from the start what a child may send. The child opens its end when a stream needs it.
    if (isParent) openData();
    return functions;
  };
  return { session, codec, carry };
}

/** A codec that may be replaced while others hold it. */
class CurrentCodec implements Codec {
  current: Codec;

  constructor(current: Codec) {
    this.current = current;
  }

  encode(value: unknown, origin: Origin): Encoded {
    return this.current.encode(value, origin);
  }

  decode(wire: Wire): unknown {
    return this.current.decode(wire);
  }

  explain(wire: Wire, origin: Origin, cause: unknown): SerializationError {
    return this.current.explain(wire, origin, cause);
  }

  get carriesBytes(): boolean {
    return this.current.carriesBytes;
  }
}
