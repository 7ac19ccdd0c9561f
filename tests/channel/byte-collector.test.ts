import { describe, expect, test } from 'vitest';
import { ByteCollector } from '../../src/channel/byte-collector.js';

const MEGABYTE = 1024 * 1024;

test('pieces are joined in their order, and taking them empties the collector', () => {
  const collector = new ByteCollector();
  for (const text of ['one ', '', 'two ', 'three']) collector.add(Buffer.from(text));
  expect(collector.length).toBe(13);
  expect(collector.take().toString()).toBe('one two three');
  expect(collector.length).toBe(0);
  expect(collector.take()).toHaveLength(0);
});

test('later pieces do not change bytes that were taken', () => {
  const collector = new ByteCollector();
  collector.add(Buffer.from('first'));
  const first = collector.take();
  collector.add(Buffer.from('SECOND'));
  expect(first.toString()).toBe('first');
});

test('a piece may be reused by its owner', () => {
  const collector = new ByteCollector();
  const piece = Buffer.from('abc');
  collector.add(piece);
  piece.fill('x');
  expect(collector.take().toString()).toBe('abc');
});

describe('memory', () => {
  /** The space behind what is taken. */
  const spaceOf = (pieces: number, size: number, expected?: number): number => {
    const collector = new ByteCollector();
    const piece = Buffer.alloc(size);
    for (let count = 0; count < pieces; count++) collector.add(piece, expected);
    return collector.take().buffer.byteLength;
  };

  test('is at most twice as large as the bytes that have arrived', () => {
    for (const pieces of [1, 2, 3, 100, 1000]) {
      expect(spaceOf(pieces, 1000)).toBeLessThanOrEqual(2 * pieces * 1000);
    }
  });

  test('is exactly as large as needed if the length is known', () => {
    expect(spaceOf(10, 1000, 10_000)).toBe(10_000);
    expect(spaceOf(3, 1000, 10_000)).toBe(10_000);
  });

  test('is not reserved for a length that was only claimed', () => {
    expect(spaceOf(1, 8, 2 ** 31)).toBeLessThanOrEqual(64 * MEGABYTE);
  });
});
