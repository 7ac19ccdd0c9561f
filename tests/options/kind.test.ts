import { describe, expect, test } from 'vitest';
import * as kinds from '../../src/options/kind.js';

/** Each kind with values that it takes, and values that it does not. */
const samples: Record<string, [kind: kinds.Kind<never, unknown>, good: unknown[], bad: unknown[]]> = {
  'true or false': [kinds.flag, [true, false], [0, 'true', null]],
  'one of some words': [kinds.oneOf('json', 'advanced'), ['json', 'advanced'], ['JSON', '', 5]],
  'a whole number': [kinds.whole(1), [1, 1e9], [0, 1.5, NaN, Infinity, '1', 1n]],
  'a number within limits': [kinds.numberWithin(0, 10, 'µs'), [0, 0.5, 10], [-1, 10.1, NaN, '5']],
  'a delay': [kinds.delay(1), [1, 2 ** 31 - 1], [0, 2 ** 31, Infinity, -1]],
  'a time limit': [kinds.timeLimit, [0, 1.5, Infinity], [-1, NaN, '5']],
  text: [kinds.text, ['', 'x'], [5, null, Object('x')]],
  'a place': [kinds.location('a path'), ['./a', new URL('file:///a')], [5, {}, null]],
  'an array of text': [kinds.arrayOf(kinds.text), [[], ['a']], ['a', [1], {}, [undefined]]],
  'a record of text': [kinds.recordOf(kinds.text), [{}, { a: 'b', c: undefined }], [[], { a: 5 }, new Map(), null]],
  'what JSON expresses': [
    kinds.json,
    [null, 1, 'x', [1, { a: [true] }], { a: undefined }, Object.create(null)],
    [NaN, 1n, () => 1, new Date(0), Symbol('s'), [Infinity], cyclic()],
  ],
};

describe.each(Object.entries(samples))('%s', (_name, [kind, good, bad]) => {
  test.each(good.map((value) => [value]))('may be %o', (value) => {
    expect(kind.check(value, 'option')).toBeUndefined();
  });

  test.each(bad.map((value) => [value]))('may not be %o', (value) => {
    expect(kind.check(value, 'option')).toMatch(/^The option `option.*` must be .*, but got .+\.$/);
  });
});

test('a time limit of 0 means none', () => {
  expect(kinds.timeLimit.read(0)).toBe(Infinity);
  expect(kinds.timeLimit.read(5)).toBe(5);
});

test('the sentence names the place of a wrong value within an option', () => {
  expect(kinds.arrayOf(kinds.text).check(['a', 5], 'args')).toMatch(
    /^The option `args\[1\]` must be a string, but got 5/,
  );
  expect(kinds.recordOf(kinds.text).check({ A: 5 }, 'env')).toContain('`env.A`');
});

function cyclic(): object {
  const value: { self?: unknown } = {};
  value.self = value;
  return value;
}
