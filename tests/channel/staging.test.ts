import { expect, test } from 'vitest';
import { Staging } from '../../src/channel/staging.js';
import { until } from '../support/processes.js';

const MEGABYTE = 1024 * 1024;

test('a copy does not change with the original, nor with another copy', () => {
  const staging = new Staging();
  const bytes = Buffer.alloc(MEGABYTE, 'a');
  const first = staging.copy(bytes);
  bytes.fill('b');
  const second = staging.copy(bytes);
  bytes.fill('c');
  expect(first.bytes.every((byte) => byte === 97)).toBe(true);
  expect(second.bytes.every((byte) => byte === 98)).toBe(true);
});

test('memory is reused only when all copies are released', () => {
  const staging = new Staging();
  const copy = (): ReturnType<Staging['copy']> => staging.copy(Buffer.alloc(8));
  const [first, second] = [copy(), copy()];
  first.release();
  first.release();
  expect(copy().bytes.byteOffset).not.toBe(first.bytes.byteOffset);
  second.release();
  expect(copy().bytes.byteOffset).not.toBe(first.bytes.byteOffset);
});

test('bytes that exceed the kept memory get memory of their own', () => {
  const staging = new Staging();
  const large = Buffer.alloc(15 * MEGABYTE, 1);
  const [first, second] = [staging.copy(large), staging.copy(large)];
  expect(staging.kept).toBe(16 * MEGABYTE);
  expect(second.bytes.buffer).not.toBe(first.bytes.buffer);
  expect(second.bytes.equals(large)).toBe(true);
});

test('the memory is given back when nothing has used it for a second', async () => {
  const staging = new Staging();
  staging.copy(Buffer.alloc(MEGABYTE)).release();
  expect(staging.kept).toBeGreaterThan(0);
  await until(() => staging.kept === 0, 'the memory is given back');
});
