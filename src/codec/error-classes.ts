import { isProcxyError, procxyErrorClasses } from '../errors.js';
import { fleetErrorClasses } from '../fleet-errors.js';
import { hostErrorClasses } from '../host-errors.js';
import { processProxyErrorClasses } from '../process-proxy-errors.js';
import { setStackLimit } from '../stack-limit.js';
import { registeredErrorClass, registeredErrorName } from './registry.js';

type ErrorClass = { readonly prototype: Error };

/** Classes that not every Node has. Older versions lack the first two, and a Node with `--jitless` lacks WebAssembly. */
const { SuppressedError, QuotaExceededError, WebAssembly } = globalThis as {
  SuppressedError?: ErrorClass;
  QuotaExceededError?: new (message: string, values: object) => Error;
  WebAssembly?: Record<'CompileError' | 'LinkError' | 'RuntimeError', ErrorClass>;
};

/** Built-in error classes, subclasses before their superclasses. */
const builtIns: Record<string, ErrorClass> = {
  TypeError,
  RangeError,
  SyntaxError,
  ReferenceError,
  EvalError,
  URIError,
  AggregateError,
  ...(SuppressedError && { SuppressedError }),
  ...(WebAssembly && {
    CompileError: WebAssembly.CompileError,
    LinkError: WebAssembly.LinkError,
    RuntimeError: WebAssembly.RuntimeError,
  }),
  DOMException,
  Error,
};
const ownClasses: Record<string, ErrorClass> = {
  ...procxyErrorClasses,
  ...fleetErrorClasses,
  ...hostErrorClasses,
  ...processProxyErrorClasses,
};
const classes = new Map<string, ErrorClass>([...Object.entries(builtIns), ...Object.entries(ownClasses)]);

/** Names the class with which an error crosses. */
export function classOf(error: Error): string {
  const registered = registeredErrorName(error);
  if (registered !== undefined) return registered;
  if (isProcxyError(error) && Object.hasOwn(ownClasses, error.name)) return error.name;
  const own = Object.entries(builtIns).find(([, type]) => type.prototype.isPrototypeOf(error));
  return own?.[0] ?? foreignClassOf(error);
}

/** Finds the class of an error from another realm: `instanceof` does not work, so it compares the names of constructors. */
function foreignClassOf(error: Error): string {
  let level: object | null = error;
  for (; level; level = Object.getPrototypeOf(level) as object | null) {
    const { name } = (read(level as Error, 'constructor') ?? {}) as { name?: unknown };
    if (typeof name === 'string' && Object.hasOwn(builtIns, name)) return name;
  }
  return 'Error';
}

/** The name that errors of a class have by default. `undefined` if the name must always cross, since the receiver may not know it. */
export function nameOf(type: string): string | undefined {
  return type === 'DOMException' || type === 'SuppressedError' ? undefined : find(type).prototype.name;
}

function find(type: string): ErrorClass {
  return registeredErrorClass(type) ?? classes.get(type) ?? Error;
}

export const writable = { configurable: true, writable: true } as const;

export function hide(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { ...writable, value, enumerable: false });
}

/** Creates an error without calling its constructor, whose arguments are unknown, and without capturing a stack. */
export function createError(type: string, message: string, name: string | undefined): Error {
  if (type === 'DOMException') {
    if (name === 'QuotaExceededError' && QuotaExceededError) return new QuotaExceededError(message, {});
    return new DOMException(message, name);
  }
  const limit = setStackLimit(0);
  const error = new Error(message);
  setStackLimit(limit);
  Object.setPrototypeOf(error, find(type).prototype);
  if (name !== undefined) hide(error, 'name', name);
  return error;
}

/** Reads a property. A getter that throws counts as `undefined`. */
export function read(error: Error, key: string): unknown {
  try {
    return (error as unknown as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}
