import { expect, test } from 'vitest';
import { Rate } from '../../src/remote/rate.js';

/** Takes as often as it may. */
const drain = (rate: Rate, client: string): number => {
  let taken = 0;
  while (rate.take(client)) taken++;
  return taken;
};

test('a client may do as much at once as the burst, and then as much as the rate', () => {
  let now = 5000;
  const rate = new Rate(10, 20, () => now);
  expect(drain(rate, 'web')).toBe(20);
  expect(rate.isUsedUp('web')).toBe(true);
  now += 99;
  expect(drain(rate, 'web')).toBe(0);
  now += 1002;
  expect(drain(rate, 'web')).toBe(11);
  now += 60_000;
  expect(drain(rate, 'web')).toBe(20);
});

test('a client that goes on trying gets as much as one that waits', () => {
  let now = 0;
  const rate = new Rate(10, 10, () => now);
  drain(rate, 'web');
  let taken = 0;
  for (; now < 2000; now++) if (rate.take('web')) taken++;
  expect(taken).toBe(19);
});

test('clients do not use up the rate of each other, and few are remembered', () => {
  const rate = new Rate(1, 3, () => 0);
  expect(drain(rate, 'one')).toBe(3);
  for (let client = 0; client < 9999; client++) rate.take(`client ${client}`);
  expect(drain(rate, 'one')).toBe(0);
  expect(drain(rate, 'two')).toBe(3);
});
