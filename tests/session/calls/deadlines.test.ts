import { expect, test } from 'vitest';
import { now } from '../../../src/clock.js';
import { Deadlines } from '../../../src/session/calls/deadlines.js';
import { until } from '../../support/processes.js';

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test('sweeps at the earliest deadline, then at the next that a sweep reports', async () => {
  const start = now();
  const waiting = [start + 20, start + 60];
  const ended: number[] = [];
  let sweeps = 0;
  const deadlines = new Deadlines({
    received: () => 0,
    sweep(time) {
      sweeps++;
      for (; waiting[0] !== undefined && waiting[0] <= time; waiting.shift()) ended.push(waiting[0]);
      return waiting[0] ?? Infinity;
    },
  });
  deadlines.watch(start + 60);
  deadlines.watch(start + 20);
  await until(() => ended.length === 2, 'both have ended');
  deadlines.close();
  expect(ended).toEqual([start + 20, start + 60]);
  // A timer of Node fires up to a millisecond early by this clock: such a sweep ends nothing, and there is another.
  expect(sweeps).toBeLessThanOrEqual(4);
});

test('delays a sweep while messages keep arriving, but not for ever', async () => {
  let received = 0;
  let sweptAfter = 0;
  const deadlines = new Deadlines({
    received: () => ++received,
    sweep() {
      sweptAfter = received;
      return Infinity;
    },
  });
  deadlines.watch(now());
  await sleep(300);
  expect(sweptAfter).toBe(0);
  await until(() => sweptAfter > 0, 'a sweep');
  deadlines.close();
});

test('sweeps nothing once closed', async () => {
  let swept = false;
  const deadlines = new Deadlines({ received: () => 0, sweep: () => ((swept = true), Infinity) });
  deadlines.watch(now() + 10);
  deadlines.close();
  deadlines.watch(now() + 10);
  await sleep(60);
  expect(swept).toBe(false);
});

test('a deadline beyond the longest timer does not fire immediately', async () => {
  let swept = false;
  const deadlines = new Deadlines({ received: () => 0, sweep: () => ((swept = true), Infinity) });
  deadlines.watch(now() + 2 ** 40);
  await sleep(30);
  deadlines.close();
  expect(swept).toBe(false);
});
