import { describe, expect, test } from 'vitest';
import { functionHandler, type FunctionExchange } from '../../src/codec/function-codec.js';
import type { UntypedFunction } from '../../src/types/any-function.js';
import { sanitizeForClone } from '../../src/codec/sanitize.js';
import { sync } from '../../src/codec/sync-mark.js';
import { ProtocolError, SerializationError } from '../../src/errors.js';
import type { CallbackDescriptor } from '../../src/protocol.js';
import { codecOf, refusalOf, transmit } from '../support/crossing.js';

/** Keeps functions by number, and what each was a method of. */
class Shelf implements FunctionExchange {
  readonly mayExportSync: boolean;
  readonly receivers: (object | undefined)[] = [];
  readonly #functions = new Map<string, UntypedFunction>();

  constructor(mayExportSync = true) {
    this.mayExportSync = mayExportSync;
  }

  export(fn: UntypedFunction, receiver: object | undefined): CallbackDescriptor {
    this.receivers.push(receiver);
    const id = String(this.receivers.length);
    this.#functions.set(id, fn);
    return { __procxy_callback: id, __procxy_meta: { type: 'function', arity: fn.length, name: fn.name } };
  }

  takeExported(): string[] {
    return [];
  }

  discard(): void {}

  import({ __procxy_callback: id }: CallbackDescriptor): UntypedFunction {
    const fn = this.#functions.get(id);
    if (!fn) throw new ProtocolError(`There is no ${id}.`);
    return fn;
  }
}

describe.each(['json', 'advanced'] as const)('functions, in %s mode', (mode) => {
  test('cross anywhere in a value, as their exchange writes them', () => {
    const functions = new Shelf();
    const codec = codecOf(mode, { functions });
    const add = (a: number, b: number): number => a + b;
    const { wire, coded } = codec.encode({ list: [add] }, { root: 'args' });
    expect(coded).toBe(true);
    expect(wire).toEqual({
      list: [{ __procxy_callback: '1', __procxy_meta: { type: 'function', arity: 2, name: 'add' } }],
    });
    expect(codec.decode(transmit(mode, wire))).toEqual({ list: [add] });
  });

  test('are exported with the object whose method they are, but not with a collection', () => {
    const functions = new Shelf();
    const codec = codecOf(mode, { functions });
    const options = { onEnd: () => 1 };
    for (const value of [options, [options.onEnd], options.onEnd]) codec.encode(value, { root: 'args' });
    expect(functions.receivers).toEqual([options, undefined, undefined]);
    expect(functions.receivers[0]).toBe(options);
  });

  test.each([
    ['a class', class Thing {}],
    ['a class without a name', class {}],
    ['a constructor of the language', Map],
  ])('%s is refused', (_name, value) => {
    const error = refusalOf(codecOf(mode, { functions: new Shelf() }), { Type: value });
    expect(error).toBeInstanceOf(SerializationError);
    expect(error).toMatchObject({ path: 'value.Type', message: expect.stringContaining('a class') as string });
  });

  test('a function that can also be constructed crosses like any other', () => {
    function legacy(): number {
      return 1;
    }
    expect(refusalOf(codecOf(mode, { functions: new Shelf() }), legacy)).toBeUndefined();
  });

  test('functions that are marked by sync() cross only if their exchange can send them', () => {
    const marked = sync(() => 1);
    expect(refusalOf(codecOf(mode, { functions: new Shelf() }), marked)).toBeUndefined();
    const error = refusalOf(codecOf(mode, { functions: new Shelf(false) }), { compare: marked });
    expect(error).toMatchObject({ path: 'value.compare', message: expect.stringContaining('sync()') as string });
  });

  test('without an exchange the refusal names the option', () => {
    expect(refusalOf(codecOf(mode), () => 1)).toMatchObject({
      message: expect.stringContaining('enableCallbacks: true') as string,
    });
  });
});

test('a method of a copy counts as a method of the original', () => {
  const functions = new Shelf();
  const original = { count: 1, run: () => 1, lost: Symbol('s') };
  const copy = sanitizeForClone(original, true) as object;
  codecOf('advanced', { functions }).encode(copy, { root: 'args' });
  expect(functions.receivers[0]).toBe(original);
});

test('functions in a Map or a Set are not methods', () => {
  const functions = new Shelf();
  const value = [new Map([['a', () => 1]]), new Set([() => 1])];
  codecOf('advanced', { functions }).encode(value, { root: 'args' });
  expect(functions.receivers).toEqual([undefined, undefined]);
});

describe('a malformed function is refused', () => {
  const meta = { type: 'function', arity: 0, name: '' };
  const context = { decode: (wire: unknown) => wire, announce: () => {} };
  const read = (wire: unknown, exchange: FunctionExchange | undefined = new Shelf()): unknown =>
    functionHandler(exchange).decode(wire, context);

  test.each<[string, unknown]>([
    ['no description', undefined],
    ['null', null],
    ['text', 'function'],
    ['no name', { ...meta, name: undefined }],
    ['a name that is an object', { ...meta, name: {} }],
    ['a negative arity', { ...meta, arity: -1 }],
    ['half a parameter', { ...meta, arity: 0.5 }],
    ['more parameters than any function has', { ...meta, arity: 2 ** 17 }],
    ['sync that is a word', { ...meta, sync: 'yes' }],
    ['home that is false', { ...meta, home: false }],
  ])('%s', (_name, wrong) => {
    expect(() => read({ __procxy_callback: '1', __procxy_meta: wrong })).toThrow(ProtocolError);
  });

  test('an id under which nothing was exported', () => {
    expect(() => read({ __procxy_callback: '1', __procxy_meta: meta })).toThrow('There is no 1.');
  });

  test('every function, if functions are not accepted', () => {
    expect(() => functionHandler(undefined).decode({ __procxy_callback: '1', __procxy_meta: meta }, context)).toThrow(
      ProtocolError,
    );
  });
});
