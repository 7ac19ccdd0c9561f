import { describe, expect, test } from 'vitest';
import { DescriptorReader, isDescriptor } from '../../src/codec/descriptors.js';
import { registerTransferHandler } from '../../src/codec/registry.js';
import type { TransferHandler } from '../../src/codec/transfer-handlers.js';
import { ProtocolError, SerializationError } from '../../src/errors.js';
import type { Wire } from '../../src/protocol.js';

class Tagged {
  readonly by: string;
  readonly wire: unknown;
  constructor(by: string, wire: unknown) {
    this.by = by;
    this.wire = wire;
  }
}

const tagging = (name: string, by = name): TransferHandler => ({
  name,
  canHandle: (value): value is object => value instanceof Tagged,
  encode: () => null,
  decode: (wire, context) => new Tagged(by, context.decode(wire)),
});

function readerOf(...handlers: TransferHandler[]): DescriptorReader {
  return new DescriptorReader(handlers, { decode: (wire) => ({ decoded: wire }), announce: () => {} }, (container) => ({
    ...container,
    in: 1,
  }));
}

describe('a descriptor is read', () => {
  test.each([
    ['undefined', { __procxy_type: 'undefined' }, undefined],
    ['negative zero', { __procxy_type: 'negative-zero' }, -0],
    [
      'an object with a key of ours',
      { __procxy_type: 'escaped', value: { __procxy_type: 'x' } },
      { __procxy_type: 'x', in: 1 },
    ],
  ])('as %s', (_name, descriptor, value) => {
    expect(readerOf().read(descriptor)).toStrictEqual(value);
  });

  test('by the handler of its name, which decodes the parts that it needs', () => {
    expect(readerOf(tagging('a'), tagging('b')).read({ __procxy_type: 'b', value: 5 })).toEqual(
      new Tagged('b', { decoded: 5 }),
    );
  });

  test('by the first of two handlers with one name, which was asked first in the other process', () => {
    const reader = readerOf(tagging('a', 'first'), tagging('a', 'second'));
    expect(reader.read({ __procxy_type: 'a' })).toMatchObject({ by: 'first' });
  });

  test('by a registered handler, if none in the list has its name', () => {
    registerTransferHandler('descriptors-test', {
      canHandle: () => false,
      encode: () => null,
      decode: (wire) => ({ registered: wire }),
    });
    expect(readerOf().read({ __procxy_type: 'descriptors-test', value: 1 })).toEqual({ registered: { decoded: 1 } });
  });

  test('as a whole by the handler of functions, if it describes a function', () => {
    const functions: TransferHandler = { ...tagging('function'), decode: (wire) => wire };
    const descriptor = { __procxy_callback: 'id', __procxy_meta: { type: 'function', arity: 0, name: '' } } as const;
    expect(readerOf(functions).read(descriptor)).toBe(descriptor);
  });
});

test('a name that is not registered is an error that says so', () => {
  const read = (): unknown => readerOf(tagging('a')).read({ __procxy_type: 'Money', value: 1 });
  expect(read).toThrow(SerializationError);
  expect(read).toThrow("'Money'");
});

test.each([undefined, null, 'text', 5])('an escaped object that is %j breaks the protocol', (value) => {
  expect(() => readerOf().read({ __procxy_type: 'escaped', value })).toThrow(ProtocolError);
});

test.each<[wire: unknown, is: boolean]>([
  [{ __procxy_type: 'error', value: {} }, true],
  [{ __procxy_callback: 'id' }, true],
  [{ __procxy_type: 5 }, false],
  [{ __procxy_other: 'x' }, false],
  [Object.create({ __procxy_type: 'inherited' }), false],
  [null, false],
  ['__procxy_type', false],
])('%j is a descriptor: %s', (wire, is) => {
  expect(isDescriptor(wire as Wire)).toBe(is);
});
