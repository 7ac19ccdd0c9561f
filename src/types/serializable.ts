import type { Socket as DatagramSocket } from 'node:dgram';
import type { Server, Socket } from 'node:net';
import type { Jsonifiable } from 'type-fest';

/**
 * How values travel. `'json'`: values that JSON can express arrive unchanged, and others are refused. `'advanced'`: V8's
 * structured clone, with Map, Set, Date, RegExp, BigInt, binary data, cycles and shared references.
 *
 * @example
 * ```ts
 * const mode: SerializationMode = 'advanced';
 * const primes = await procxy(Primes, { serialization: mode });
 * ```
 */
export type SerializationMode = 'json' | 'advanced';

/**
 * Replaces a type that cannot cross to another process. No value has this type. A method with such a parameter or result is not
 * callable, and the compiler shows `Reason` and `Place`.
 * @typeParam Place the path of the part that cannot cross: `args[0].image`
 * @example
 * ```ts
 * // A parameter of type Map shows this in JSON mode, in the compiler's message:
 * type Shown = CannotCross<'a Map needs advanced mode', 'args[0]'>;
 * ```
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
 *
 * @example
 * ```ts
 * declare module 'procxy' {
 *   interface TransferTypes {
 *     money: Money;
 *   }
 * }
 * ```
 */
export interface TransferTypes {}

/**
 * A handle that moves to another process instead of being copied. A number is a file descriptor.
 *
 * @example
 * ```ts
 * async function hand(handle: PassableHandle): Promise<void> {
 *   await servers.$sendHandle(handle);
 * }
 * ```
 */
export type PassableHandle = Socket | Server | DatagramSocket | number;

/**
 * The values that structured clone carries. Interfaces do not match its index signature: check them with `IsProcxiable`.
 *
 * @example
 * ```ts
 * const value: V8Serializable = new Map([['at', new Date()]]);
 * ```
 */
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

/**
 * The values that can cross in a mode.
 *
 * @example
 * ```ts
 * function report(value: Procxiable): void {
 *   console.log(JSON.stringify(value));
 * }
 * report({ done: true, files: ['a.txt'] });
 * ```
 */
export type Procxiable<Mode extends SerializationMode = 'json'> = Mode extends 'advanced'
  ? V8Serializable
  : Jsonifiable;
