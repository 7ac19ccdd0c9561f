import { describe, expect, test } from 'vitest';
import {
  findRegisteredHandler,
  registeredErrorClass,
  registeredErrorName,
  registeredHandler,
  registerErrorClass,
  registerTransferHandler,
} from '../../src/codec/registry.js';
import { codecOf, cross, refusalOf } from '../support/crossing.js';

class Money {
  readonly #cents: number;
  readonly tags: unknown;
  constructor(cents: number, tags?: unknown) {
    this.#cents = cents;
    this.tags = tags;
  }
  get cents(): number {
    return this.#cents;
  }
}
registerTransferHandler<Money, { cents: number; tags: unknown }>('Money', {
  canHandle: (value) => value instanceof Money,
  encode: ({ cents, tags }) => ({ cents, tags }),
  decode: ({ cents, tags }) => new Money(cents, tags),
});

describe('a registered handler', () => {
  test.each(['json', 'advanced'] as const)('carries values of its class anywhere, in %s mode', (mode) => {
    const value = { list: [new Money(5)], key: undefined };
    const arrived = cross(mode, value) as { list: Money[] };
    expect(arrived.list[0]).toBeInstanceOf(Money);
    expect(arrived.list[0]?.cents).toBe(5);
  });

  test('may write values of registered classes in turn', () => {
    const arrived = cross('json', new Money(1, [new Money(2)])) as Money;
    expect((arrived.tags as Money[])[0]?.cents).toBe(2);
  });

  test('names the place of the value itself in a refusal', () => {
    expect(refusalOf(codecOf('json'), [new Money(1, new Map())])).toMatchObject({
      name: 'SerializationError',
      path: expect.stringMatching(/^value\[0\].*tags$/) as string,
    });
  });

  test('is found by its name and by what it can handle', () => {
    expect(registeredHandler('Money')).toBe(findRegisteredHandler(new Money(1)));
    expect(registeredHandler('Nobody')).toBeUndefined();
    expect(findRegisteredHandler({})).toBeUndefined();
  });

  test('keeps its name: another of that name is refused', () => {
    const again = { canHandle: () => false, encode: () => 0, decode: () => ({}) };
    expect(() => registerTransferHandler('Money', again)).toThrow(TypeError);
    expect(() => registerTransferHandler('Money', again)).toThrow("'Money'");
  });
});

describe('a registered class of errors', () => {
  class AppError extends Error {}
  class DbError extends AppError {}
  class QueryError extends DbError {}
  registerErrorClass(AppError);
  registerErrorClass(DbError);

  test('is the most derived one that an error is an instance of', () => {
    expect(registeredErrorName(new QueryError())).toBe('DbError');
    expect(registeredErrorName(new AppError())).toBe('AppError');
    expect(registeredErrorName(new Error())).toBeUndefined();
    expect(registeredErrorClass('DbError')).toBe(DbError);
    expect(registeredErrorClass('QueryError')).toBeUndefined();
  });

  test('may be registered again, and no other of its name', () => {
    registerErrorClass(DbError);
    const other = { DbError: class extends Error {} }.DbError;
    expect(() => registerErrorClass(other)).toThrow(/DbError/);
    expect(registeredErrorClass('DbError')).toBe(DbError);
  });
});

test('two copies of this library in one process share what is registered', async () => {
  const specifier = '../../src/codec/registry.js?another-copy';
  const copy = (await import(/* @vite-ignore */ specifier)) as typeof import('../../src/codec/registry.js');
  expect(copy.registerTransferHandler).not.toBe(registerTransferHandler);
  expect(copy.registeredHandler('Money')).toBe(registeredHandler('Money'));
});
