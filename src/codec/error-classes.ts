import { isProcxyError, procxyErrorClasses } from '../errors.js';
import { registeredErrorClass, registeredErrorName } from './registry.js';

/** The classes that an error keeps on its way, and errors made of them. */

type ErrorClass = { readonly prototype: Error };

/** Classes that not every Node has: older ones lack two of them, and one without a compiler lacks WebAssembly. */
const { SuppressedError, QuotaExceededError, WebAssembly } = globalThis as {
  SuppressedError?: ErrorClass;
  QuotaExceededError?: new (message: string, values: object) => Error;
  WebAssembly?: Record<'CompileError' | 'LinkError' | 'RuntimeError', ErrorClass>;
};

/** The most derived first. */
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
const classes = new Map<string, ErrorClass>([...Object.entries(builtIns), ...Object.entries(procxyErrorClasses)]);
export function classOf(error: Error): string {
  const registered = registeredErrorName(error);
  if (registered !== undefined) return registered;
  if (isProcxyError(error) && Object.hasOwn(procxyErrorClasses, error.name)) return error.name;
  const own = Object.entries(builtIns).find(([, type]) => type.prototype.isPrototypeOf(error));
  return own?.[0] ?? foreignClassOf(error);
}

/** An error of another realm is an instance of none of our classes: the nearest constructor with the name of one tells. */
function foreignClassOf(error: Error): string {
  let level: object | null = error;
  for (; level; level = Object.getPrototypeOf(level) as object | null) {
    const { name } = (read(level as Error, 'constructor') ?? {}) as { name?: unknown };
    if (typeof name === 'string' && Object.hasOwn(builtIns, name)) return name;
  }
  return 'Error';
}

/** A DOMException has a name of its own each, and the other side may not know a class of a newer Node. */
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

/** Without running a constructor, whose arguments nobody knows, and without collecting a stack. */
export function createError(type: string, message: string, name: string | undefined): Error {
  if (type === 'DOMException') {
    if (name === 'QuotaExceededError' && QuotaExceededError) return new QuotaExceededError(message, {});
    return new DOMException(message, name);
  }
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  const error = new Error(message);
  Error.stackTraceLimit = limit;
  Object.setPrototypeOf(error, find(type).prototype);
  if (name !== undefined) hide(error, 'name', name);
  return error;
}

/** A getter may throw: then there is nothing to carry. */
export function read(error: Error, key: string): unknown {
  try {
    return (error as unknown as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}
