import type { Socket as DatagramSocket } from 'node:dgram';
import type { Server, Socket } from 'node:net';
import type { Jsonifiable } from 'type-fest';

/**
 * How values travel. `'json'`: what JSON can say, faithfully or not at all. `'advanced'`: V8's structured clone, with Map,
 * Set, Date, RegExp, BigInt, binary data, cycles and shared references.
 */
export type SerializationMode = 'json' | 'advanced';

/**
 * What stands in a type where a value cannot cross to another process. It is nobody's type: a method with such a
 * parameter or result is not callable, and the compiler shows `Reason`.
 */
export interface CannotCross<Reason extends string> {
  readonly __procxy_cannot_cross: Reason;
}

/**
 * Classes of your own that a registered transfer handler carries. Add yours, under any name:
 * `declare module 'procxy' { interface TransferTypes { money: Money } }`
 */
export interface TransferTypes {}

/** What moves to another process instead of being copied. A number is a file descriptor. */
export type PassableHandle = Socket | Server | DatagramSocket | number;

/** What structured clone carries. Interfaces are data too, but match no index signature: use `IsProcxiable` for those. */
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

/** What can cross in a mode. */
export type Procxiable<Mode extends SerializationMode = 'json'> = Mode extends 'advanced'
  ? V8Serializable
  : Jsonifiable;
