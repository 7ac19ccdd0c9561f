import type { SerializationError } from '../errors.js';
import type { Coded, Wire } from '../protocol.js';

/** Where a value comes from, for error messages. */
export interface Origin {
  /**
   * The root of the value's path, such as `args`, `result`, `error` or the name of a property. The array of `args` was made for
   * the message and may become part of it.
   */
  root: string;
  /** The method that the value belongs to. */
  method?: string | undefined;
  /** The event that the value belongs to, as error messages show it. */
  event?: string | undefined;
  /** Refuses instances whose class has methods, since they would arrive without them. */
  refuseMethods?: boolean;
}

export interface Encoded {
  wire: Wire;
  /** The value of the message's field `coded`. `undefined` if `wire` has no descriptors. */
  coded: Coded | undefined;
  /** Whether `wire` contains user objects, so that it must be written before user code continues. */
  isLive?: boolean;
}

/** Converts values to a form that a channel can carry, and back. */
export interface Codec {
  /**
   * Returns what to send. In JSON mode it is a copy, except for the array of `args`. In advanced mode it is the value itself,
   * unless a part of it must be rewritten.
   * @throws {SerializationError} with the path of the part that cannot cross, the cause and the remedy
   */
  encode(value: unknown, origin: Origin): Encoded;
  /**
   * Takes ownership of `wire` and changes it in place.
   * @throws {ProtocolError} if it contains a malformed descriptor
   */
  decode(wire: Wire): unknown;
  /** Makes the error for a value that was encoded but could not be written. It names the part at fault. */
  explain(wire: Wire, origin: Origin, cause: unknown): SerializationError;
  /** Whether bytes cross as they are. Otherwise they cross only in streams. */
  readonly carriesBytes: boolean;
}
