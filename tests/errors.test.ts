import { expect, test } from 'vitest';
import { describeReason } from '../src/errors.js';

class Nameless extends Error {
  override get name(): string {
    throw new Error('not for you');
  }
}

test.each([
  ['a message', new Error('It broke.'), 'It broke'],
  ['a thrown text', 'broken', 'broken'],
  ['an error without a message', new RangeError(''), 'RangeError without a message'],
  ['an error whose message is a full stop', new Error('.'), 'Error without a message'],
  ['a thrown empty text', '', 'no reason was given'],
  ['nothing', undefined, 'undefined'],
  ['an error that cannot be read', new Nameless(''), 'a value that cannot be shown'],
  ['an object that cannot be converted', Object.create(null), 'a value that cannot be shown'],
  ['a symbol', Symbol('s'), 'Symbol(s)'],
])('describeReason() of %s fits into a sentence', (_what, reason: unknown, text) => {
  expect(describeReason(reason)).toBe(text);
});
