import { expect, test } from 'vitest';
import { afterDrain } from '../../../src/session/calls/drain.js';

const drained = (received: () => number): Promise<number> =>
  new Promise((resolve) => afterDrain(received, () => resolve(received())));

test('waits for a turn that brings only the middle of a message, and for the turns after it', async () => {
  let received = 0;
  setImmediate(() => setImmediate(() => received++));
  expect(await drained(() => received)).toBe(1);
});

test('waits while messages keep arriving', async () => {
  let received = 0;
  const arrive = (): unknown => ++received < 20 && setImmediate(arrive);
  setImmediate(arrive);
  expect(await drained(() => received)).toBe(20);
});

test('but does not wait for ever', async () => {
  let received = 0;
  let isOver = false;
  const arrive = (): unknown => (received++, isOver || setImmediate(arrive));
  setImmediate(arrive);
  expect(await drained(() => received)).toBeGreaterThan(20);
  isOver = true;
});
