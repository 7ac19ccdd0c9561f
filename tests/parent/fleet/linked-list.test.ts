import { expect, test } from 'vitest';
import { LinkedList } from '../../../src/parent/fleet/linked-list.js';

test('a list returns its values in order, and any of them can be removed', () => {
  const list = new LinkedList<string>();
  const links = ['a', 'b', 'c', 'd'].map((value) => list.push(value));
  expect([...list]).toEqual(['a', 'b', 'c', 'd']);
  const [a, b, c, d] = links;
  if (!a || !b || !c || !d) throw new Error('no links');
  expect(list.remove(b)).toBe(true);
  expect(list.remove(b)).toBe(false);
  expect([...list]).toEqual(['a', 'c', 'd']);
  list.remove(d);
  expect([list.first, list.last, list.size]).toEqual(['a', 'c', 2]);
  expect([list.shift(), list.shift(), list.shift()]).toEqual(['a', 'c', undefined]);
  expect([list.first, list.last, list.size]).toEqual([undefined, undefined, 0]);
  list.push('e');
  expect([...list]).toEqual(['e']);
});

test('the current value may be removed during an iteration', () => {
  const list = new LinkedList<number>();
  const links = new Map([1, 2, 3].map((value) => [value, list.push(value)]));
  const seen: number[] = [];
  for (const value of list) {
    seen.push(value);
    const link = links.get(value);
    if (link) list.remove(link);
  }
  expect(seen).toEqual([1, 2, 3]);
  expect(list.size).toBe(0);
});
