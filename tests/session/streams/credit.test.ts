import { expect, test } from 'vitest';
import { ProtocolError } from '../../../src/errors.js';
import { Credit } from '../../../src/session/streams/credit.js';

test('the window doubles with each renewal, up to its largest size', () => {
  const credit = new Credit(1, 8);
  const given: number[] = [];
  for (let renewal = 0; renewal < 5; renewal++) {
    const more = credit.renew(0);
    given.push(more);
    credit.spend(more);
  }
  expect(given).toEqual([1, 2, 4, 8, 8]);
});

test('no credit is given while more than half of the window is in transit or held', () => {
  const credit = new Credit(8, 8);
  expect(credit.renew(5)).toBe(0);
  expect(credit.renew(4)).toBe(4);
  expect(credit.renew(4)).toBe(0);
});

test('one item may exceed the credit left, and nothing may follow it', () => {
  const credit = new Credit(1, 4);
  credit.renew(0);
  credit.spend(100);
  expect(credit.isSpent).toBe(true);
  expect(() => credit.check()).toThrow(ProtocolError);
  expect(() => credit.spend(1)).toThrow('More of a stream arrived than was requested.');
});

test('withdrawn credit is gone', () => {
  const credit = new Credit(8, 8);
  credit.renew(0);
  expect(credit.isSpent).toBe(false);
  credit.withdraw();
  expect(credit.isSpent).toBe(true);
  expect(credit.renew(0)).toBe(8);
});
