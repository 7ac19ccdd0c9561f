import { types } from 'node:util';

/** Every sentence with which a value is refused, in one place. */

export interface Refusal {
  /** Completes "args[0] is …". */
  what: string;
  remedy: string;
}

const pass = (text: string): string => `Pass ${text} instead.`;

export function refuseNumber(value: number): Refusal {
  return { what: `${value}, which JSON cannot express`, remedy: pass('null or a string') };
}

export const bigint: Refusal = { what: 'a BigInt, which JSON cannot express', remedy: pass('a string or a number') };

export const symbol: Refusal = { what: 'a symbol, which has no meaning in another process', remedy: pass('a string') };

export const func: Refusal = {
  what: 'a function, which cannot cross to another process',
  remedy: 'Leave it out, or give the class a method that does its work.',
};

export const hole: Refusal = {
  what: 'a hole in a sparse array, which JSON would fill with null',
  remedy: 'Array.from(array) makes the holes undefined, which does cross.',
};

export const cycle: Refusal = {
  what: 'a reference back to an object that holds it, and JSON has no cycles',
  remedy: 'Leave it out, or pass an id in its place.',
};

export const depth: Refusal = {
  what: 'nested deeper than JSON can be written',
  remedy: 'Flatten it, for example into an array with parent indices.',
};

export const invalidDate: Refusal = {
  what: 'an invalid Date, which JSON would turn into null',
  remedy: pass('null'),
};

export function throwing(error: unknown): Refusal {
  const reason = error instanceof Error ? error.message : String(error);
  return { what: `not readable: its toJSON or a getter threw (${reason})`, remedy: pass('plain data') };
}

const kinds: [test: (value: object) => boolean, what: string, remedy: string][] = [
  [types.isMap, 'a Map', pass('its entries, [...map]')],
  [types.isSet, 'a Set', pass('an array, [...set]')],
  [Buffer.isBuffer, 'a Buffer', pass("a string, buffer.toString('base64')")],
  [ArrayBuffer.isView, 'a typed array or DataView', pass('an array, Array.from(view)')],
  [types.isAnyArrayBuffer, 'an ArrayBuffer', pass("a string, Buffer.from(bytes).toString('base64')")],
  [types.isRegExp, 'a RegExp', pass('its source and flags')],
  [types.isPromise, 'a Promise', 'Await it first.'],
  [types.isBoxedPrimitive, 'a boxed primitive', pass('the primitive, value.valueOf()')],
  [types.isGeneratorObject, 'a generator', pass('an array, [...generator]')],
  [(value) => types.isWeakMap(value) || types.isWeakSet(value), 'a weak collection', pass('an array of what it holds')],
  [types.isExternal, 'a native object', pass('plain data')],
];

/** Why JSON cannot carry this object, or `undefined` when its own properties say it all. */
export function refuseObject(value: object): Refusal | undefined {
  for (const [test, what, remedy] of kinds) {
    if (test(value)) return { what: `${what}, which JSON cannot express`, remedy };
  }
  return undefined;
}

/** For an instance that would arrive as `{}`. */
export function empty(value: object): Refusal {
  const name = (value as { constructor?: { name?: unknown } }).constructor?.name;
  const instance = typeof name === 'string' && name !== '' ? `an instance of ${name}` : 'an object of its own class';
  return {
    what: `${instance} without own enumerable properties, so it would arrive empty`,
    remedy: 'Pass what it holds as plain data, or give its class a toJSON().',
  };
}
