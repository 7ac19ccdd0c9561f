import { expect, test } from 'vitest';
import { listUnwatched } from '../../src/child/unwatched.js';
import type { MirrorRequest } from '../../src/protocol.js';

class Counter {
  count = 1;
  list = [1];
  _private = 2;
  field = (): number => 1;
  method(): number {
    return 1;
  }
  get computed(): never {
    throw new Error('A getter was run.');
  }
}

const namesOf = (object: object, names: MirrorRequest['names'] = 'own'): string[] =>
  listUnwatched(object, { names, limit: 1000 }).map(([name]) => name);

test('a getter is not watched unless it is named, and the list says why', () => {
  expect(listUnwatched(new Counter(), { names: 'own', limit: 1000 })).toEqual([
    ['computed', expect.stringContaining('getter')],
  ]);
  expect(namesOf(new (class extends Counter {})())).toEqual(['computed']);
  expect(namesOf(new Counter(), ['computed', 'count'])).toEqual(['list']);
});

test('properties that the option leaves out are listed, but methods and private properties are not', () => {
  expect(namesOf(new Counter(), 'none').toSorted()).toEqual(['computed', 'count', 'list']);
});

test('a getter that is hidden by an own property or a method is not listed', () => {
  const own = Object.defineProperty(new Counter(), 'computed', { value: 1, enumerable: true });
  class Overriding extends Counter {
    override get computed(): never {
      throw new Error('A getter was run.');
    }
  }
  const method = Object.setPrototypeOf({ computed: () => 1 }, Overriding.prototype) as object;
  expect(namesOf(own)).toEqual([]);
  expect(namesOf(method)).toEqual([]);
});

test('members that every object has are not listed', () => {
  expect(namesOf({})).toEqual([]);
  expect(namesOf(Object.create(null) as object)).toEqual([]);
});

test('an instance that is a dictionary has no list', () => {
  const dictionary = Object.fromEntries(Array.from({ length: 1002 }, (_, n) => [`key${n}`, n]));
  expect(namesOf(dictionary, 'none')).toEqual([]);
});
