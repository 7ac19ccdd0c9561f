import type { SerializationError } from '../errors.js';
import type { Coded, Wire } from '../protocol.js';

/** Where a value comes from, for the sentence of a refusal. */
export interface Origin {
  /**
   * What the value is part of: `args`, an array that was made for the message and may become part of it; `result`, `error`,
   * or the name of a property.
   */
  root: string;
  /** The method it belongs to, */
  method?: string | undefined;
  /** or the event, as a sentence shows it. */
  event?: string | undefined;
  /** Refuses instances whose class has methods: they would arrive without them. */
  refuseMethods?: boolean;
}

export interface Encoded {
  wire: Wire;
  /** What the message must say of the descriptors in `wire`; `undefined` where there are none. */
  coded: Coded | undefined;
  /** `wire` holds objects of the user's own: it is to be written before the user's code goes on. */
  isLive?: boolean;
}

/** Turns values into what a channel carries, and back. */
export interface Codec {
  /**
   * What to send: in JSON mode always a copy (but for the array of `args`), in advanced mode the value itself where nothing of it must be rewritten.
   * @throws {SerializationError} that names the path of what cannot cross, the cause and the remedy
   */
  encode(value: unknown, origin: Origin): Encoded;
  /**
   * Takes ownership of `wire` and changes it in place.
   * @throws {ProtocolError} when a descriptor in it is malformed
   */
  decode(wire: Wire): unknown;
  /** The refusal for a value that was encoded, and whose message could not be written: it names the part at fault. */
  explain(wire: Wire, origin: Origin, cause: unknown): SerializationError;
  /** Whether bytes cross as they are. Otherwise they cross in streams only. */
  readonly carriesBytes: boolean;
}
