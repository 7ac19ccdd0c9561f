import { afterEach, expect, test } from 'vitest';
import { isJsonChanged, stringify, withPlainJson } from '../src/plain-json.js';

const arrays = Array.prototype as { toJSON?: unknown };
const objects = Object.prototype as { toJSON?: unknown };
afterEach(() => {
  delete arrays.toJSON;
  delete objects.toJSON;
});

test('a toJSON that a program has added changes nothing, and stays', () => {
  const value = { list: [1, [2]], at: new Date(0) };
  const before = JSON.stringify(value);
  expect(isJsonChanged()).toBe(false);
  const toJSON = (): string => 'changed';
  arrays.toJSON = toJSON;
  objects.toJSON = toJSON;
  expect(isJsonChanged()).toBe(true);
  expect(stringify(value)).toBe(before);
  expect([arrays.toJSON, objects.toJSON]).toEqual([toJSON, toJSON]);
});

test('it is back after an error', () => {
  objects.toJSON = () => 'changed';
  expect(isJsonChanged()).toBe(true);
  expect(() =>
    withPlainJson(() => {
      throw new RangeError('no');
    }),
  ).toThrow(RangeError);
  expect(isJsonChanged()).toBe(true);
});
