import type { Socket as DatagramSocket } from 'node:dgram';
import type { Server, Socket } from 'node:net';
import type { Jsonifiable } from 'type-fest';

/**
 * How values travel. `'json'`: values that JSON can express arrive unchanged, and others are refused. `'advanced'`: V8's
 * structured clone, with Map, Set, Date, RegExp, BigInt, binary data, cycles and shared references.
 */
export type SerializationMode = 'json' | 'advanced';

/**
 * Replaces a type that cannot cross to another process. No value has this type. A method with such a parameter or result is not
 * callable, and the compiler shows `Reason` and `Place`.
 * @typeParam Place the path of the part that cannot cross: `args[0].image`
 */
export interface CannotCross<Reason extends string, Place extends string = ''> {
  readonly __procxy_cannot_cross: Reason;
  readonly __procxy_place: Place;
}

/** Replaces parts that cannot cross. */
export type Mark = CannotCross<'This value cannot cross to another process.'>;

/**
 * Your own classes with a registered transfer handler. Add them under any name:
 * `declare module 'procxy' { interface TransferTypes { money: Money } }`
 */
export interface TransferTypes {}

/** A handle that moves to another process instead of being copied. A number is a file descriptor. */
export type PassableHandle = Socket | Server | DatagramSocket | number;

/** The values that structured clone carries. Interfaces do not match its index signature: check them with `IsProcxiable`. */
export type V8Serializable =
  | Jsonifiable
  | undefined
  | bigint
  | Date
  | RegExp
  | Error
  | ArrayBuffer
  | ArrayBufferView
  | Map<V8Serializable, V8Serializable>
  | Set<V8Serializable>
  | V8Serializable[]
  | { [key: string]: V8Serializable };

/** The values that can cross in a mode. */
export type Procxiable<Mode extends SerializationMode = 'json'> = Mode extends 'advanced'
  ? V8Serializable
  : Jsonifiable;
