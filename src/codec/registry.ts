import type { TransferHandler } from './transfer-handlers.js';

/** Transfer handlers and error classes that users have registered. */
interface Registry {
  handlers: Map<string, TransferHandler>;
  errors: Map<string, { readonly prototype: Error }>;
}

/** Global, since the agent in a child and the user's module have separate copies of this library. */
const key = Symbol.for('procxy.registry');
const holder = globalThis as { [key]?: Registry };

function registry(): Registry {
  return (holder[key] ??= { handlers: new Map(), errors: new Map() });
}

/**
 * How values of your own class cross.
 *
 * @example
 * ```ts
 * const dates: ClassTransfer<Date, number> = {
 *   canHandle: (value) => value instanceof Date,
 *   encode: (date) => date.getTime(),
 *   decode: (time) => new Date(time),
 * };
 * registerTransferHandler('date', dates);
 * ```
 */
export interface ClassTransfer<T extends object, W> {
  /** Whether it handles this value, usually `value instanceof TheClass`. */
  canHandle(value: object): boolean;
  /** Returns what to send instead: any value that the mode can carry, including other registered classes. */
  encode(value: T): W;
  /** Recreates the value in the other process. */
  decode(wire: W): T;
}

/**
 * Lets instances of your own class cross as instances, anywhere in a value and in both modes. Call it in the module that
 * defines the class: both processes import that module, and each registers its own handler.
 * @param name the name of the handler, the same in both processes
 * @throws {TypeError} if this process already has a handler of that name
 * @example
 * ```ts
 * export class Money {
 *   constructor(
 *     readonly cents: number,
 *     readonly currency: string,
 *   ) {}
 * }
 * registerTransferHandler('money', {
 *   canHandle: (value) => value instanceof Money,
 *   encode: (money: Money) => [money.cents, money.currency] as const,
 *   decode: ([cents, currency]) => new Money(cents, currency),
 * });
 * ```
 */
export function registerTransferHandler<T extends object, W>(name: string, transfer: ClassTransfer<T, W>): void {
  const { handlers } = registry();
  if (handlers.has(name)) throw new TypeError(`A transfer handler named '${name}' is registered already.`);
  handlers.set(name, {
    name,
    canHandle: (value): value is T => transfer.canHandle(value),
    encode: (value, context) => context.encode(transfer.encode(value as T), { place: '' }),
    decode: (wire, context) => transfer.decode(context.decode(wire) as W),
  });
}

/**
 * Lets errors of your own class arrive as its instances, with message, stack, cause and own properties. The constructor is not
 * called. Call it in the module that defines the class.
 * @throws {TypeError} if another class of that name is registered
 * @example
 * ```ts
 * export class NotFoundError extends Error {
 *   override name = 'NotFoundError';
 * }
 * registerErrorClass(NotFoundError);
 * // In the parent, an error of a method is now `instanceof NotFoundError`.
 * ```
 */
export function registerErrorClass(type: { readonly name: string; readonly prototype: Error }): void {
  const { errors } = registry();
  const known = errors.get(type.name);
  if (known && known !== type) throw new TypeError(`Another error class named '${type.name}' is registered already.`);
  errors.set(type.name, type);
}

export function registeredHandler(name: string): TransferHandler | undefined {
  return holder[key]?.handlers.get(name);
}

export function findRegisteredHandler(value: object): TransferHandler | undefined {
  if (!holder[key]) return undefined;
  for (const handler of holder[key].handlers.values()) if (handler.canHandle(value)) return handler;
  return undefined;
}

/** Finds the most derived registered class of an error. */
export function registeredErrorName(error: Error): string | undefined {
  const errors = holder[key]?.errors;
  if (!errors || errors.size === 0) return undefined;
  for (
    let level = Object.getPrototypeOf(error) as object | null;
    level;
    level = Object.getPrototypeOf(level) as object | null
  ) {
    for (const [name, type] of errors) if (type.prototype === level) return name;
  }
  return undefined;
}

export function registeredErrorClass(name: string): { readonly prototype: Error } | undefined {
  return holder[key]?.errors.get(name);
}
