import { expect, test } from 'vitest';
import { show } from '../../src/options/show.js';

test.each<[unknown, string]>([
  ['x', "'x'"],
  [5n, '5n'],
  [Symbol('s'), 'Symbol(s)'],
  [() => 1, 'a function'],
  [new URL('file:///a'), 'file:///a'],
  [[1], 'an array'],
  [{}, 'an object'],
  [null, 'null'],
])('a sentence shows %o as %s', (value, text) => {
  expect(show(value)).toBe(text);
});
