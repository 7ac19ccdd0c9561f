import { describe, expect, test } from 'vitest';
import { byReference } from '../../src/codec/by-reference.js';
import { createCodec } from '../../src/codec/create-codec.js';
import { markAsReference, type ReferenceExchange } from '../../src/codec/reference-codec.js';
import { ProtocolError, SerializationError } from '../../src/errors.js';

class Book {
  title = 'Emma';
  read(): string {
    return this.title;
  }
}

/** Stands for the proxy of an object. */
class Proxied {}

/** Gives each object the next id, and keeps what it was asked to export. */
function exchangeOf(isAutomatic: boolean): ReferenceExchange & { exported: [object, unknown][] } {
  const exported: [object, unknown][] = [];
  return {
    exported,
    isAutomatic,
    export: (value, methods) => ({ id: `r${exported.push([value, methods])}`, shape: 1 }),
    sendHome: (reference) => ('released' in reference ? undefined : { id: 'r9', home: true }),
    takeExported: () => [],
    discard: () => {},
    import: (description) => ({ imported: description.id }),
  };
}

const origin = { root: 'args', method: 'use' };

describe.each(['json', 'advanced'] as const)('objects by reference, in %s mode', (mode) => {
  const codecOf = (references: ReferenceExchange) => createCodec({ mode, self: { current: undefined }, references });

  test('are made automatically of everything with methods, however deep, and of nothing else', () => {
    const exchange = exchangeOf(true);
    const codec = codecOf(exchange);
    const book = new Book();
    const plain = { hit: () => 1 };
    const { wire } = codec.encode([{ list: [book] }, plain, { data: 1 }], origin);
    expect(exchange.exported).toEqual([
      [book, undefined],
      [plain, undefined],
    ]);
    expect(codec.decode(wire)).toEqual([{ list: [{ imported: 'r1' }] }, { imported: 'r2' }, { data: 1 }]);
  });

  test('are otherwise made only of marked objects', () => {
    const exchange = exchangeOf(false);
    const book = new Book();
    const { wire } = codecOf(exchange).encode([new Book(), byReference(book, ['read'])], origin);
    expect(exchange.exported).toEqual([[book, ['read']]]);
    expect((wire as unknown[])[0]).toEqual({ title: 'Emma' });
  });

  test('return to their owner, unless they were released or belong to another process', () => {
    const exchange = exchangeOf(true);
    const codec = codecOf(exchange);
    const mine = new Proxied();
    markAsReference(mine, exchange);
    expect(codec.decode(codec.encode([mine], origin).wire)).toEqual([{ imported: 'r9' }]);
    const released = Object.assign(new Proxied(), { released: true });
    markAsReference(released, exchange);
    expect(() => codec.encode([released], origin)).toThrow(SerializationError);
    const foreign = new Proxied();
    markAsReference(foreign, exchangeOf(true));
    expect(() => codec.encode([foreign], origin)).toThrow(/a reference to an object of another process/);
  });

  test.each([
    ['no id', { shape: 1 }],
    ['the id of a function', { id: 'x1', shape: 1 }],
    ['a kind and a home', { id: 'r1', shape: 1, home: true }],
    ['neither', { id: 'r1' }],
    ['a kind that is text', { id: 'r1', shape: '1' }],
    ['nothing', undefined],
  ])('%s is a violation', (_what, value) => {
    const codec = codecOf(exchangeOf(true));
    expect(() => codec.decode([{ __procxy_type: 'reference', value }])).toThrow(ProtocolError);
  });
});
