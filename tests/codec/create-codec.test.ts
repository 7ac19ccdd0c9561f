import { createServer, type Server } from 'node:net';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { createCodec } from '../../src/codec/create-codec.js';
import type { FunctionExchange } from '../../src/codec/function-codec.js';
import type { HandleExchange } from '../../src/codec/handle-codec.js';
import type { StreamExchange } from '../../src/codec/stream-codec.js';
import type { TransferHandler } from '../../src/codec/transfer-handlers.js';
import { refusalOf } from '../support/crossing.js';

/** What one side exports, as a session keeps it: `taken` by a message, or dropped again. */
class Exports {
  pending: (string | number)[] = [];
  discarded: (string | number)[] = [];

  take<T extends string | number>(): T[] {
    return this.pending.splice(0) as T[];
  }

  drop(): void {
    this.discarded.push(...this.pending.splice(0));
  }
}

function exchanges(): {
  exports: Exports;
  functions: FunctionExchange;
  streams: StreamExchange;
  handles: HandleExchange;
} {
  const exports = new Exports();
  const nothing = (): never => {
    throw new Error('Nothing is imported here.');
  };
  const functions: FunctionExchange = {
    mayExportSync: true,
    export(fn) {
      exports.pending.push(fn.name);
      return { __procxy_callback: fn.name, __procxy_meta: { type: 'function', arity: 0, name: fn.name } };
    },
    takeExported: () => exports.take(),
    discard: () => exports.drop(),
    import: nothing,
  };
  const streams: StreamExchange = {
    export: () => ({ kind: 'iterator', id: exports.pending.push(7) }),
    takeExported: () => exports.take(),
    discard: () => exports.drop(),
    import: nothing,
  };
  const handles: HandleExchange = {
    export: () => 1,
    discard: () => void exports.discarded.push('handle'),
    import: nothing,
  };
  return { exports, functions, streams, handles };
}

const self = { current: undefined };
const root = { root: 'args' };

describe.each(['json', 'advanced'] as const)('a codec, in %s mode', (mode) => {
  test('lists exactly what a message exports', () => {
    const { functions, streams } = exchanges();
    const codec = createCodec({ mode, self, functions, streams });
    function first(): void {}
    expect(codec.encode([first, Readable.from([])], root).coded).toEqual(['first', 7]);
    expect(codec.encode([new Error('x')], root).coded).toBe(true);
    expect(codec.encode([1], root).coded).toBeUndefined();
    expect(codec.encode(first, root).coded).toEqual(['first']);
  });

  test('takes back everything that a refused value exported', () => {
    const { exports, ...parts } = exchanges();
    const codec = createCodec({ mode, self, ...parts });
    function first(): void {}
    const server: Server = createServer();
    expect(refusalOf(codec, [first, Readable.from([]), server])).toMatchObject({ name: 'HandleTransferError' });
    expect(exports.pending).toEqual([]);
    expect(exports.discarded).toEqual(['handle', 'first', 7]);
  });

  test("asks a user's handlers before its own", () => {
    const sockets: TransferHandler<Error> = {
      name: 'mine',
      canHandle: (value): value is Error => value instanceof Error,
      encode: ({ message }) => message,
      decode: (wire) => `mine: ${String(wire)}`,
    };
    const codec = createCodec({ mode, self, handlers: [sockets] });
    const { wire } = codec.encode([new Error('x')], root);
    expect(wire).toEqual([{ __procxy_type: 'mine', value: 'x' }]);
    expect(codec.decode(wire)).toEqual(['mine: x']);
  });
});
