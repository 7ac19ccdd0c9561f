import { types } from 'node:util';
import { isProcxyError, ProtocolError, procxyErrorClasses } from '../errors.js';
import type { Wire } from '../protocol.js';
import { registeredErrorClass, registeredErrorName } from './registry.js';
import type { DecodeContext, EncodeContext, TransferHandler } from './transfer-handlers.js';

/** An error as it travels. What could not cross of it is left out; the error itself never is. */
interface WireError {
  /** The built-in class, or the one of this library, that it is an instance of. */
  class: string;
  /** Only where it differs from the class's. */
  name?: string;
  message: string;
  stack?: string;
  cause?: Wire;
  errors?: Wire;
  properties?: Record<string, Wire>;
}

type ErrorClass = { readonly prototype: Error };

/** The most derived first. */
const builtIns: Record<string, ErrorClass> = {
  TypeError,
  RangeError,
  SyntaxError,
  ReferenceError,
  EvalError,
  URIError,
  AggregateError,
  DOMException,
  Error,
};
const classes = new Map<string, ErrorClass>([...Object.entries(builtIns), ...Object.entries(procxyErrorClasses)]);
/** Own properties that have a field of their own. */
const fields = new Set(['name', 'message', 'stack', 'cause', 'errors']);
/** The errors being encoded: one whose cause leads back to it would never end. */
const open = new Set<object>();

/**
 * Carries errors, thrown or as values, with the class, name, message, stack, cause and properties that they have.
 * @param ownFile the file whose frames, and all beneath them, tell a user nothing
 */
export function errorHandler(ownFile?: string): TransferHandler<Error> {
  return {
    name: 'error',

    canHandle: (value): value is Error => isError(value) && !open.has(value),

    encode(error, context): WireError {
      open.add(error);
      try {
        const wire = toWireError(error, context);
        if (ownFile !== undefined && wire.stack !== undefined) wire.stack = cutStack(wire.stack, ownFile);
        return wire;
      } finally {
        open.delete(error);
      }
    },

    decode: (wire, context) => revive(check(wire), context),
  };
}

export function isError(value: unknown): value is Error {
  return types.isNativeError(value) || value instanceof Error;
}

function revive({ class: type, name, message, stack, ...rest }: WireError, context: DecodeContext): Error {
  const error = create(type, message, name);
  hide(error, 'stack', stack ?? String(error));
  if ('cause' in rest) hide(error, 'cause', context.decode(rest.cause));
  if ('errors' in rest) hide(error, 'errors', context.decode(rest.errors));
  for (const [key, value] of Object.entries(rest.properties ?? {})) {
    Object.defineProperty(error, key, { ...writable, value: context.decode(value), enumerable: true });
  }
  return error;
}

function cutStack(stack: string, file: string): string {
  const lines = stack.split('\n');
  const first = lines.findIndex((line) => line.startsWith('    at ') && line.includes(file));
  return first === -1 ? stack : lines.slice(0, first).join('\n');
}

function toWireError(error: Error, context: EncodeContext): WireError {
  const type = classOf(error);
  const wire: WireError = { class: type, message: text(error, 'message') ?? '' };
  const name = text(error, 'name');
  if (name !== undefined && name !== nameOf(type)) wire.name = name;
  const stack = text(error, 'stack');
  if (stack !== undefined) wire.stack = stack;
  for (const key of ['cause', 'errors'] as const) {
    const part = Object.hasOwn(error, key) ? encodeProperty(error, key, context) : undefined;
    if (part?.crosses) wire[key] = part.wire;
  }
  const properties: Record<string, Wire> = Object.create(null) as Record<string, Wire>;
  for (const key of propertyNames(error)) {
    const part = encodeProperty(error, key, context);
    if (part?.crosses) properties[key] = part.wire;
  }
  if (Object.keys(properties).length > 0) wire.properties = properties;
  return wire;
}

/** The own enumerable ones, and a `code` wherever it stands: it is what programs tell errors by. */
function propertyNames(error: Error): Set<string> {
  const names = new Set(Object.keys(error).filter((key) => !fields.has(key)));
  if (!isProcxyError(error) && !(error instanceof DOMException) && read(error, 'code') !== undefined) names.add('code');
  return names;
}

/** A DOMException has a name of its own each. */
function nameOf(type: string): string | undefined {
  return type === 'DOMException' ? undefined : find(type).prototype.name;
}

function find(type: string): ErrorClass {
  return registeredErrorClass(type) ?? classes.get(type) ?? Error;
}

/** A getter may throw: then there is nothing to carry. */
function read(error: Error, key: string): unknown {
  try {
    return (error as unknown as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}

function text(error: Error, key: string): string | undefined {
  const value = read(error, key);
  return typeof value === 'string' ? value : undefined;
}

function encodeProperty(error: Error, key: string, context: EncodeContext): ReturnType<EncodeContext['tryEncode']> {
  let value: unknown;
  try {
    value = (error as unknown as Record<string, unknown>)[key];
  } catch {
    // A getter of the user's.
    return { crosses: false };
  }
  return context.tryEncode(value, key);
}

function classOf(error: Error): string {
  const registered = registeredErrorName(error);
  if (registered !== undefined) return registered;
  if (isProcxyError(error) && Object.hasOwn(procxyErrorClasses, error.name)) return error.name;
  const own = Object.entries(builtIns).find(([, type]) => type.prototype.isPrototypeOf(error));
  // An error of another realm is an instance of none of ours: there its constructor's name tells.
  const name = own?.[0] ?? (error.constructor as { name?: unknown } | undefined)?.name;
  return typeof name === 'string' && Object.hasOwn(builtIns, name) ? name : 'Error';
}

const writable = { configurable: true, writable: true } as const;

function hide(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { ...writable, value, enumerable: false });
}

/** Without running a constructor, whose arguments nobody knows, and without collecting a stack. */
function create(type: string, message: string, name: string | undefined): Error {
  if (type === 'DOMException') return new DOMException(message, name);
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  const error = new Error(message);
  Error.stackTraceLimit = limit;
  Object.setPrototypeOf(error, find(type).prototype);
  if (name !== undefined) hide(error, 'name', name);
  return error;
}

/** What has a field of its own is no property: a stack that is no text would break who reads it. */
function areProperties(value: unknown): boolean {
  if (value === undefined) return true;
  return typeof value === 'object' && value !== null && !Object.keys(value).some((key) => fields.has(key));
}

function check(wire: Wire): WireError {
  const candidate = wire as Partial<WireError> | null | undefined;
  const sound =
    typeof candidate === 'object' &&
    candidate !== null &&
    typeof candidate.class === 'string' &&
    typeof candidate.message === 'string' &&
    ['string', 'undefined'].includes(typeof candidate.name) &&
    ['string', 'undefined'].includes(typeof candidate.stack) &&
    areProperties(candidate.properties);
  if (!sound) throw new ProtocolError('An error arrived malformed.');
  return candidate as WireError;
}
