import type { TransferHandler } from './transfer-handlers.js';

/** What users have registered. */
interface Registry {
  handlers: Map<string, TransferHandler>;
  errors: Map<string, { readonly prototype: Error }>;
}

/** Global, since in a child the agent and the user's module each have their own copy of this library. */
const key = Symbol.for('procxy.registry');
const holder = globalThis as { [key]?: Registry };

function registry(): Registry {
  return (holder[key] ??= { handlers: new Map(), errors: new Map() });
}

/** How values of a user's own class cross. */
export interface ClassTransfer<T extends object, W> {
  /** Whether this value is one of them: mostly `value instanceof TheClass`. */
  canHandle(value: object): boolean;
  /** What to send in its place: anything that the mode can carry, other registered classes included. */
  encode(value: T): W;
  /** Makes it again, in the other process. */
  decode(wire: W): T;
}

/**
 * Lets values of a class of your own cross with their identity, anywhere in a value and in both modes. Call it in the module
 * that defines the class: both processes import that, and each registers for itself.
 * @param name the same in both processes
 * @throws {TypeError} when `name` is taken by another handler of this process
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
 * Lets errors of a class of your own arrive as its instances, with message, stack, cause and own properties. The
 * constructor is not run. Call it in the module that defines the class.
 * @throws {TypeError} when another class of that name is registered
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

/** The most derived registered class that an error is an instance of. */
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
