import { expect, test } from 'vitest';
import { encodeThrown } from '../../src/codec/codec.js';
import { codecOf, transmit } from '../support/crossing.js';

const codec = codecOf('json');
const arrive = (thrown: unknown, method?: string): unknown => {
  const { wire, coded } = encodeThrown(codec, thrown, method);
  return coded === undefined ? transmit('json', wire) : codec.decode(transmit('json', wire));
};

test('what was thrown crosses, error or not', () => {
  expect(arrive(new TypeError('x'))).toBeInstanceOf(TypeError);
  expect(arrive('text')).toBe('text');
  expect(arrive(undefined)).toBeUndefined();
});

test.each([
  ['a symbol', Symbol('s')],
  ['a function', () => 1],
  ['a Map', new Map()],
])('where %s was thrown, which cannot cross, its refusal does, with the method', (_name, thrown) => {
  const refusal = arrive(thrown, 'save') as Error;
  expect(refusal).toMatchObject({ name: 'SerializationError', path: 'error' });
  expect(refusal.message).toMatch(/^save\(\): error is /);
  expect((arrive(thrown) as Error).message).toMatch(/^error is /);
});
