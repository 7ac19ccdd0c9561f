import { describe, expect, test } from 'vitest';
import { messageFormat } from '../../src/channel/frames.js';
import { SerializationError } from '../../src/errors.js';
import type { Wire } from '../../src/protocol.js';
import { codecOf, cross, refusalOf, transmit } from '../support/crossing.js';

const LIMIT = 1000;

/** A value within so many objects. */
function nested(levels: number, wrap: (inner: unknown) => unknown, innermost: unknown = 1): unknown {
  let value = innermost;
  for (let level = 0; level < levels; level++) value = wrap(value);
  return value;
}

/** How many objects a wire value has one in another. */
function depthOf(wire: Wire): number {
  let depth = 0;
  let level: Wire[] = [wire];
  while ((level = level.filter((part) => typeof part === 'object' && part !== null)).length > 0) {
    depth++;
    level = level.flatMap((part) => (part instanceof Map ? [...part].flat() : Object.values(part as object)));
  }
  return depth;
}

describe('advanced mode', () => {
  const codec = codecOf('advanced');

  test.each([
    ['objects', (inner: unknown) => ({ inner })],
    ['arrays', (inner: unknown) => [inner]],
    ['Maps', (inner: unknown) => new Map([['inner', inner]])],
    ['Sets', (inner: unknown) => new Set([inner])],
  ])(`accepts %s ${LIMIT} levels deep, and refuses one more`, (_name, wrap) => {
    expect(refusalOf(codec, nested(LIMIT, wrap))).toBeUndefined();
    const refusal = refusalOf(codec, nested(LIMIT + 1, wrap)) as Error;
    expect(refusal).toMatchObject({ name: 'SerializationError' });
    expect(refusal.message).toContain(`is nested more than ${LIMIT} levels deep`);
    expect(refusalOf(codec, nested(100_000, wrap))).toMatchObject({ name: 'SerializationError' });
  });

  test('a value of the greatest depth is read by the other side', () => {
    const value = nested(LIMIT, (inner) => ({ inner }));
    expect(depthOf(transmit('advanced', codec.encode(value, { root: 'value' }).wire))).toBe(LIMIT);
  });

  test.each([
    ['beside an error', (depth: number) => [new Error('x'), nested(depth, (inner) => ({ inner }))]],
    ['within an error', (depth: number) => Object.assign(new Error('x'), { data: nested(depth, (inner) => [inner]) })],
    ['as causes', (depth: number) => nested(depth, (cause) => new Error('x', { cause }))],
    ['in lists of errors', (depth: number) => nested(depth, (inner) => new AggregateError([inner]))],
    ['within objects that look like descriptors', (depth: number) => nested(depth, (x) => ({ __procxy_x: x }))],
    ['as the reason of a signal', (depth: number) => [AbortSignal.abort(nested(depth, (inner) => ({ inner })))]],
  ])('counts the levels of descriptors: %s', (_name, make) => {
    const signals = { export: () => 1, import: () => AbortSignal.abort() };
    const exchanging = codecOf('advanced', { signals });
    for (const depth of [300, 490, 500, 510, 990, 1000, 1010, 3000]) {
      const value = make(depth);
      if (refusalOf(exchanging, value)) continue;
      const { wire } = exchanging.encode(value, { root: 'value' });
      expect(depthOf(wire)).toBeLessThanOrEqual(LIMIT + 4);
      exchanging.decode(transmit('advanced', wire));
    }
    expect(refusalOf(exchanging, make(300))).toBeUndefined();
  });
});

describe('JSON mode', () => {
  test('accepts values that the sender can write, and refuses the rest', () => {
    const codec = codecOf('json');
    expect(
      cross(
        'json',
        nested(1200, (inner) => ({ inner })),
      ),
    ).toBeTypeOf('object');
    const refusal = refusalOf(
      codec,
      nested(100_000, (inner) => [inner]),
    ) as Error;
    expect(refusal).toMatchObject({ name: 'SerializationError' });
    expect(refusal.message).toContain('nested deeper than a message may be');
  });

  test('reads what it has written, with descriptors too', () => {
    const codec = codecOf('json');
    const format = messageFormat('json');
    for (const depth of [500, 1000, 1500, 2000, 3000, 5000]) {
      const value = nested(depth, (inner) => ({ inner }), [undefined]);
      let written: Buffer;
      try {
        // Near the limit, V8 may have smaller frames for the codec's check than for the writing of the message.
        written = format.encode({ wire: codec.encode(value, { root: 'value' }).wire });
      } catch (error) {
        expect([SerializationError, RangeError]).toContain((error as Error).constructor);
        continue;
      }
      codec.decode((format.decode(written) as { wire: Wire }).wire);
    }
    expect(
      refusalOf(
        codec,
        nested(500, (inner) => ({ inner }), [undefined]),
      ),
    ).toBeUndefined();
  });
});
