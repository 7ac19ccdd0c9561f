import { types } from 'node:util';
import { describeReason } from '../errors.js';

/** All error messages for values that are refused. */

export interface Refusal {
  /** Completes "args[0] is …". */
  what: string;
  remedy: string;
}

const pass = (text: string): string => `Pass ${text} instead.`;
/** For values that cannot cross in JSON mode only. */
const passOrAdvance = (text: string): string => `Pass ${text}, or use { serialization: 'advanced' }.`;

export function refuseNumber(value: number): Refusal {
  return { what: `${value}, which JSON cannot express`, remedy: passOrAdvance('null or a string') };
}

export const bigint: Refusal = {
  what: 'a BigInt, which JSON cannot express',
  remedy: passOrAdvance('a string or a number'),
};

export const symbol: Refusal = { what: 'a symbol, which has no meaning in another process', remedy: pass('a string') };

export const func: Refusal = {
  what: 'a function, which crosses only as a callback',
  remedy: 'Use { enableCallbacks: true } to pass functions in arguments, results and events, or leave it out.',
};

export const mirroredFunction: Refusal = {
  what: 'a function, which a mirrored property cannot hold',
  remedy: 'With { enableCallbacks: true }, a method or a getter can return it.',
};

export const classItself: Refusal = {
  what: 'a class, which cannot be constructed from another process',
  remedy: 'Pass a function that makes the instance, or import the class in the other process.',
};

export const foreignReference: Refusal = {
  what: 'a reference to an object of another process',
  remedy: 'Call its methods here, and pass what they return.',
};

export const releasedReference: Refusal = {
  what: 'a reference that was released by $release()',
  remedy: 'Get the object again before you pass it.',
};

export const copiedReference: Refusal = {
  what: 'an object with methods, which goes by reference and is not copied',
  remedy: 'Read it by $get(), or return it from a method.',
};

export const syncFromChild: Refusal = {
  what: 'a function marked by sync(), but a parent does not block for its child',
  remedy: 'Pass the function without sync().',
};

export const hole: Refusal = {
  what: 'a hole in a sparse array, which JSON would fill with null',
  remedy: "Array.from(array) makes the holes undefined, which does cross; { serialization: 'advanced' } keeps them.",
};

export const cycle: Refusal = {
  what: 'a reference back to an object that contains it, but JSON has no cycles',
  remedy: "Leave it out, pass an id in its place, or use { serialization: 'advanced' }.",
};

export const proxy: Refusal = {
  what: 'a Proxy, which cannot be cloned',
  remedy: pass('a copy, [...value]'),
};

export const openCycle: Refusal = {
  what: 'a reference back to an object that a transfer handler is still encoding',
  remedy: 'Leave it out of what the handler writes.',
};

export const depth: Refusal = {
  what: 'nested deeper than a message may be',
  remedy: 'Flatten it, for example into an array with parent indices.',
};

/** For values that are too deep for a receiver to read. */
export function levels(limit: number): Refusal {
  return { what: `nested more than ${limit} levels deep`, remedy: depth.remedy };
}

export const detached: Refusal = {
  what: 'detached: its bytes have been transferred elsewhere',
  remedy: 'Send it before it is transferred, or transfer a copy.',
};

export const invalidDate: Refusal = {
  what: 'an invalid Date, which JSON would turn into null',
  remedy: passOrAdvance('null'),
};

export function throwing(error: unknown): Refusal {
  return {
    what: `not readable: its toJSON, a getter or a transfer handler threw (${describeReason(error)})`,
    remedy: pass('plain data'),
  };
}

/** Marks promises that functions of the other process return. A method may pass one on without knowing that it is a promise. */
export const callbackResult = Symbol('procxy.callbackResult');

function isCallbackResult(value: object): boolean {
  return types.isPromise(value) && callbackResult in value;
}

type Kind = [test: (value: object) => boolean, what: string, remedy: string];

/** Values that cannot cross in any mode. */
const never: Kind[] = [
  [
    isCallbackResult,
    'the promise that a function of the other process returned',
    'Await it first, or mark the function with sync(), so that it returns its value: sync(fn).',
  ],
  [types.isPromise, 'a Promise', 'Await it first.'],
  [(value) => types.isWeakMap(value) || types.isWeakSet(value), 'a weak collection', pass('an array of what it holds')],
  [types.isSharedArrayBuffer, 'shared memory', pass('a copy, Buffer.from(new Uint8Array(shared))')],
  [types.isExternal, 'a native object', pass('plain data')],
];

/** Values that JSON would change. */
const notInJson: Kind[] = [
  [types.isMap, 'a Map', passOrAdvance('its entries, [...map]')],
  [types.isSet, 'a Set', passOrAdvance('an array, [...set]')],
  [Buffer.isBuffer, 'a Buffer', passOrAdvance("a string, buffer.toString('base64')")],
  [ArrayBuffer.isView, 'a typed array or DataView', passOrAdvance('an array, Array.from(view)')],
  [types.isArrayBuffer, 'an ArrayBuffer', passOrAdvance("a string, Buffer.from(bytes).toString('base64')")],
  [types.isRegExp, 'a RegExp', passOrAdvance('its source and flags')],
  [types.isBoxedPrimitive, 'a boxed primitive', pass('the primitive, value.valueOf()')],
];

/** Values that structured clone would not copy, or would copy wrongly. */
const notInClone: Kind[] = [
  [types.isProxy, 'a Proxy', pass('a copy, { ...value }')],
  [types.isModuleNamespaceObject, 'a module', pass('what it exports')],
  [types.isSymbolObject, 'a symbol', pass('a string')],
];

/** Returns why JSON cannot carry an object, or `undefined` if its own properties are all its data. */
export function refuseObject(value: object): Refusal | undefined {
  return refuseKinds(value, [...never, ...notInJson], 'which JSON cannot express');
}

/** The same for structured clone. */
export function refuseClone(value: object): Refusal | undefined {
  return refuseKinds(value, [...never, ...notInClone], 'which cannot be cloned');
}

function refuseKinds(value: object, kinds: Kind[], why: string): Refusal | undefined {
  // Deno lacks some of the tests.
  const kind = kinds.find(([test]) => (test as typeof test | undefined)?.(value));
  return kind && { what: `${kind[1]}, ${why}`, remedy: kind[2] };
}

/** For an instance that would arrive as `{}`. */
export function empty(value: object): Refusal {
  return {
    what: `${instanceName(value)} without own enumerable properties, so it would arrive empty`,
    remedy: 'Pass what it holds as plain data, or register a transfer handler for its class.',
  };
}

/** For an instance that would be useless without its methods. */
export function losesMethods(value: object, names: readonly string[]): Refusal {
  const shown = names.slice(0, 3).join(', ') + (names.length > 3 ? ', …' : '');
  return {
    what: `${instanceName(value)}, which would arrive without its methods (${shown})`,
    remedy:
      'Pass plain data and make the instance in the constructor, lend it by byReference(), or register a transfer handler for its class.',
  };
}

/** For an emitter or an observable, of which only the internals would arrive. */
export function live(value: object): Refusal {
  return {
    what: `${instanceName(value)}, whose listeners stay here, so only its internals would arrive`,
    remedy: 'Pass what it holds as plain data, or pass a function that it calls.',
  };
}

/** Whether an instance is an event emitter without data of its own, or an observable like those of rxjs. */
export function isLive(value: object, keys: readonly string[]): boolean {
  const { on, emit, subscribe, pipe } = value as Record<string, unknown>;
  if (typeof on === 'function' && typeof emit === 'function') return keys.every((key) => key.startsWith('_'));
  return typeof subscribe === 'function' && (typeof pipe === 'function' || '@@observable' in value);
}

function instanceName(value: object): string {
  const name = (value as { constructor?: { name?: unknown } }).constructor?.name;
  return typeof name === 'string' && name !== '' ? `an instance of ${name}` : 'an object of its own class';
}
