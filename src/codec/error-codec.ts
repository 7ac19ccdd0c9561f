import { isProcxyError, ProtocolError, SerializationError } from '../errors.js';
import type { Wire } from '../protocol.js';
import { isDomException, isError } from '../realm.js';
import { classOf, createError, hide, nameOf, read, writable } from './error-classes.js';
import type { DecodeContext, EncodeContext, TransferHandler } from './transfer-handlers.js';

/** An error on the wire. Parts that cannot cross are left out, but the error itself always crosses. */
interface WireError {
  /** The class of the error: a built-in class, a registered one, or one of this library. */
  class: string;
  /** Present only if it differs from the default name of the class. */
  name?: string;
  message: string;
  stack?: string;
  cause?: Wire;
  /** The members of an `AggregateError`. `undefined` replaces a member that cannot cross. */
  errors?: Wire;
  /** The two errors of a `SuppressedError`. */
  error?: Wire;
  suppressed?: Wire;
  properties?: Record<string, Wire>;
}

/** Non-enumerable properties of an error that hold other values. */
const parts = ['cause', 'errors'] as const;
/** The same for a `SuppressedError`. In any other error, these are ordinary properties. */
const suppressedParts = ['error', 'suppressed'] as const;
/** Own properties that have their own field on the wire. */
const fields = new Set(['name', 'message', 'stack', ...parts]);
/** How many errors may be nested. An error that says so replaces those that are nested deeper. */
const MAX_NESTED = 400;

/**
 * Carries errors, thrown or as values, with their class, name, message, stack, cause and properties.
 * @param ownFile the file of this code. Its frames, and all beneath them, are removed from stacks
 */
export function errorHandler(ownFile?: string): TransferHandler<Error> {
  return {
    name: 'error',
    mayBeCyclic: true,
    canHandle: isError,

    encode(error, context): WireError {
      const around = context.parents.slice(0, -1);
      // Only JSON mode encodes an error within itself, since its text cannot refer back.
      if (around.includes(error)) context.refuse('a reference back to an error that holds it', 'Leave it out.');
      if (around.length >= MAX_NESTED && around.filter(isError).length >= MAX_NESTED)
        return toWireError(tooDeep(), context);
      const wire = toWireError(error, context);
      if (ownFile !== undefined && wire.stack !== undefined) wire.stack = cutStack(wire.stack, ownFile);
      return wire;
    },

    decode: (wire, context) => revive(check(wire), context),
  };
}

function revive({ class: type, name, message, stack, ...rest }: WireError, context: DecodeContext): Error {
  const error = createError(type, message, name);
  hide(error, 'stack', stack ?? String(error));
  context.announce(error);
  for (const key of [...parts, ...suppressedParts]) if (key in rest) hide(error, key, context.decode(rest[key]));
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
  for (const key of type === 'SuppressedError' ? [...parts, ...suppressedParts] : parts) {
    const part = Object.hasOwn(error, key) ? encodePart(error, key, context) : undefined;
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

/** Replaces an error that is nested too deeply, so that a chain of causes does not end silently. */
function tooDeep(): SerializationError {
  const message = `Further nested errors were left out: an error crosses with at most ${MAX_NESTED} nested errors.`;
  const error = new SerializationError(message, 'error');
  hide(error, 'stack', String(error));
  return error;
}

/** Encodes `errors` member by member, so that a member that cannot cross does not cost the others. */
function encodePart(error: Error, key: string, context: EncodeContext): ReturnType<EncodeContext['tryEncode']> {
  const list = read(error, key);
  // A sparse list may be too long to iterate.
  if (key !== 'errors' || !Array.isArray(list) || Object.keys(list).length !== list.length) {
    return context.tryEncode(list, key, 1);
  }
  const wire = list.map((member: unknown, index) => {
    const part = context.tryEncode(member, index, 2);
    return part.crosses ? part.wire : context.encode(undefined, index);
  });
  return { crosses: true, wire };
}

/** Names the own enumerable properties, and `code` even if it is inherited: programs identify errors by it. */
function propertyNames(error: Error): Set<string> {
  const names = new Set(Object.keys(error).filter((key) => !fields.has(key)));
  if (isDomException(error)) return new Set([...names, ...accessorNames(error)]);
  if (!isProcxyError(error) && read(error, 'code') !== undefined) names.add('code');
  return names;
}

/** Names the accessors that subclasses of DOMException add, such as `quota` of a `QuotaExceededError`. */
function accessorNames(error: DOMException): Set<string> {
  const names = new Set<string>();
  let level = Object.getPrototypeOf(error) as object | null;
  for (; level && level.constructor.name !== 'DOMException'; level = Object.getPrototypeOf(level) as object | null) {
    for (const [key, { get }] of Object.entries(Object.getOwnPropertyDescriptors(level))) if (get) names.add(key);
  }
  return names;
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
    // A getter threw.
    return { crosses: false };
  }
  return context.tryEncode(value, key, 2);
}

/** Whether properties are valid. A field such as `stack` may not hide among them, since it could then have any type. */
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
