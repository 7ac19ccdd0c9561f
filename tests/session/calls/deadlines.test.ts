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

/** Ends `waiting` deadlines, and says when it did. */
function ending(waiting: number[]): { deadlines: Deadlines; ended: Map<number, number> } {
  const ended = new Map<number, number>();
  const deadlines = new Deadlines({
    leavesLater: true,
    received: () => 0,
    sweep(time) {
      waiting.sort((a, b) => a - b);
      for (; waiting[0] !== undefined && waiting[0] <= time; waiting.shift()) ended.set(waiting[0], now());
      return waiting[0] ?? Infinity;
    },
  });
  return { deadlines, ended };
}

function block(ms: number): void {
  const end = now() + ms;
  while (now() < end);
}

test('gives the time in which this process was blocked again, if messages leave it later', async () => {
  const start = now();
  const waiting = [start + 20];
  const { deadlines, ended } = ending(waiting);
  deadlines.watch(start + 20);
  block(320);
  await sleep(30);
  // Another deadline, which does not end the first one early, also if the event loop is blocked again.
  const second = now() + 10;
  waiting.push(second);
  deadlines.watch(second);
  block(40);
  await until(() => ended.has(start + 20), 'the first has ended');
  expect(ended.get(start + 20)).toBeGreaterThanOrEqual(start + 600);
  await until(() => ended.has(second), 'the second has ended');
  deadlines.close();
});

test('gives time again also to a deadline that passes while another one has its time again', async () => {
  const start = now();
  const waiting = [start + 20];
  const { deadlines, ended } = ending(waiting);
  deadlines.watch(start + 20);
  block(120);
  await sleep(50);
  const second = now() + 20;
  waiting.push(second);
  deadlines.watch(second);
  block(500);
  const unblocked = now();
  await until(() => ended.size === 2, 'both have ended');
  deadlines.close();
  expect(ended.get(second)).toBeGreaterThanOrEqual(unblocked + 300);
});

test.each([100, 200])('gives time again once, also if each turn of the event loop takes %i ms', async (turn) => {
  const first = now() + 60;
  const waiting = [first];
  const { deadlines, ended } = ending(waiting);
  deadlines.watch(first);
  let turns = 0;
  for (; turns < 60 && !ended.has(first); turns++) {
    block(turn);
    // A new call in each turn, with a short timeout.
    const deadline = now() + turn / 2;
    waiting.push(deadline);
    deadlines.watch(deadline);
    await new Promise((resolve) => setImmediate(resolve));
  }
  deadlines.close();
  expect(ended.has(first)).toBe(true);
  expect(turns).toBeLessThan(30);
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
