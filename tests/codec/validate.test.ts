import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { isProcxiable, validateProcxiable } from '../../src/codec/validate.js';
import { SerializationError } from '../../src/errors.js';

test.each<[string, () => unknown, json: boolean, advanced: boolean]>([
  ['data', () => ({ a: [1, null, undefined] }), true, true],
  ['an Error', () => new Error('x'), true, true],
  ['a stream, which stays untouched', () => Readable.from([1]), true, true],
  ['a signal', () => new AbortController().signal, true, true],
  ['a Map', () => new Map([[1, 2]]), false, true],
  ['a BigInt', () => 1n, false, true],
  ['a function, which needs an option', () => () => 1, false, false],
  ['a symbol', () => Symbol('s'), false, false],
  ['a detached buffer', detached, false, false],
])('%s', (_name, make, json, advanced) => {
  expect(isProcxiable(make())).toBe(json);
  expect(isProcxiable(make(), 'json')).toBe(json);
  expect(isProcxiable(make(), 'advanced')).toBe(advanced);
});

test('asking leaves a stream unused', () => {
  const stream = Readable.from([1, 2]);
  expect(isProcxiable([stream], 'advanced')).toBe(true);
  expect(isProcxiable([stream], 'advanced')).toBe(true);
  expect(stream.readableFlowing).toBeNull();
  stream.destroy();
});

describe('validateProcxiable', () => {
  const refusal = (value: unknown, mode: 'json' | 'advanced', context: string): unknown => {
    try {
      return validateProcxiable(value, mode, context);
    } catch (error) {
      return error;
    }
  };

  test('reports nothing for values that can cross', () => {
    expect(refusal({ port: 80 }, 'json', 'config')).toBeUndefined();
  });

  test('names the place, beginning with the context', () => {
    const error = refusal({ list: [{ port: NaN }] }, 'json', 'config');
    expect(error).toBeInstanceOf(SerializationError);
    expect(error).toMatchObject({ path: 'config.list[0].port' });
    expect((error as Error).message).toMatch(/^config\.list\[0\]\.port is NaN/);
  });

  test.each(['json', 'advanced'] as const)('finds what is nested too deep, in %s mode', (mode) => {
    let deep: unknown[] = [];
    for (let level = 0; level < 100_000; level++) deep = [deep];
    expect(refusal(deep, mode, 'tree')).toBeInstanceOf(SerializationError);
  });

  test('finds a detached buffer', () => {
    expect(refusal({ bytes: detached() }, 'advanced', 'frame')).toBeInstanceOf(SerializationError);
  });
});

/** A buffer that was given to another thread. */
function detached(): ArrayBuffer {
  const buffer = new ArrayBuffer(8);
  structuredClone(buffer, { transfer: [buffer] });
  return buffer;
}
