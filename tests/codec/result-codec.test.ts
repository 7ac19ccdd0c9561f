import { expect, test } from 'vitest';
import { createCodec } from '../../src/codec/create-codec.js';
import type { ResultExchange } from '../../src/codec/result-codec.js';
import { ProtocolError, SerializationError } from '../../src/errors.js';

/** A result that the sender knows by its call, or whose value has arrived. */
class Pending {
  constructor(readonly place: { callId: number } | { value: unknown }) {}
}

const exchange: ResultExchange = {
  isResult: (value) => value instanceof Pending,
  locate: (result) => (result as Pending).place,
  find: (callId) => `the result of ${callId}`,
};

const origin = { root: 'args', method: 'use' };

test.each(['json', 'advanced'] as const)('a result crosses by its call, or as its value, in %s mode', (mode) => {
  const codec = createCodec({ mode, self: { current: undefined }, results: exchange });
  const send = (...args: unknown[]): unknown => codec.decode(codec.encode(args, origin).wire);
  expect(send(new Pending({ callId: 7 }), 1)).toEqual(['the result of 7', 1]);
  expect(send(new Pending({ value: { at: [1] } }))).toEqual([{ at: [1] }]);
  // Within an argument its place is not known to the other side.
  expect(() => send([new Pending({ callId: 7 })])).toThrow(SerializationError);
  expect(() => send({ a: new Pending({ callId: 7 }) })).toThrow(/args\[0\]\.a is a Promise within an argument/);
  for (const callId of [0, -1, '7', 1.5]) {
    const forged = [{ __procxy_type: 'result', value: { callId } }];
    expect(() => codec.decode(forged)).toThrow(ProtocolError);
  }
});
