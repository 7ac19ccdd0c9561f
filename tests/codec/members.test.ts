import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import {
  findMethod,
  hasMethods,
  isMoreThanIterator,
  methodNames,
  symbolNames,
  symbolOnProxy,
} from '../../src/codec/members.js';

class Base {
  inherited(): number {
    return 1;
  }
}
class Thing extends Base {
  field = 1;
  bound = (): number => 2;
  get accessor(): () => number {
    throw new Error('a getter ran');
  }
  own(): number {
    return 3;
  }
  override toString(): string {
    return 'overridden';
  }
  *[Symbol.iterator](): Generator<number> {
    yield 1;
  }
  [Symbol.toPrimitive](): string {
    return '';
  }
}

test('methods are found without running a getter', () => {
  const thing = new Thing();
  expect([...methodNames(thing)].toSorted()).toEqual(['bound', 'inherited', 'own', 'toString']);
  expect(symbolNames(thing)).toEqual(['iterator']);
  expect(findMethod(thing, 'inherited')?.call(thing)).toBe(1);
  for (const name of ['accessor', 'field', 'constructor', '__proto__', 'hasOwnProperty', 'valueOf', 'none', '']) {
    expect(findMethod(thing, name)).toBeUndefined();
  }
  expect(findMethod(thing, Symbol.toPrimitive)).toBeUndefined();
});

describe('whether a value has methods, and so stays where it is', () => {
  test.each<[string, object, boolean]>([
    ['an instance with methods', new Thing(), true],
    ['one of another realm', runInNewContext('new (class { method() {} })()') as object, true],
    ['a plain object with a method', { method: () => 1 }, true],
    ['plain data', { a: 1 }, false],
    ['plain data of another realm', runInNewContext('({ a: 1 })') as object, false],
    ['an object without a prototype', Object.assign(Object.create(null) as object, { a: 1 }), false],
    ['a thenable', { then: () => {}, method: () => 1 }, false],
    ['an array', [1], false],
    ['a Map', new Map(), false],
    ['a Date', new Date(), false],
    ['bytes', Buffer.from(''), false],
    ['a URL', new URL('file:///'), false],
    ['a promise', Promise.resolve(), false],
  ])('%s: %s', (_what, value, has) => {
    expect(hasMethods(value)).toBe(has);
  });
});

test('a cursor is more than an iterator, and a generator is not', () => {
  const cursor = { next: () => ({ done: true }), [Symbol.asyncIterator]: () => cursor, limit: () => cursor };
  expect(isMoreThanIterator(cursor)).toBe(true);
  expect(isMoreThanIterator((function* () {})())).toBe(false);
});

test('every iterator is asynchronous on a proxy', () => {
  expect(symbolOnProxy('iterator')).toBe(Symbol.asyncIterator);
  expect(symbolOnProxy('match')).toBe(Symbol.match);
  expect(symbolOnProxy('constructor')).toBe(undefined);
});

test('a getter is not a method, whatever it returns', () => {
  const object = Object.defineProperty({}, 'method', {
    enumerable: true,
    get: () => expect.unreachable('a getter ran') as unknown,
  });
  expect(hasMethods(object)).toBe(false);
});
