import { expect, test } from 'vitest';
import { KeepAlive, keepAliveByTimer } from '../../src/parent/keep-alive.js';

function watched(): { keepAlive: KeepAlive; log: boolean[] } {
  const log: boolean[] = [];
  return { keepAlive: new KeepAlive((alive) => log.push(alive)), log };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test('keeps nothing alive before the first hold', () => {
  expect(watched().log).toEqual([false]);
});

test('keeps alive for a while after the last release, and then lets the process end once', async () => {
  const { keepAlive, log } = watched();
  keepAlive.hold();
  keepAlive.hold();
  keepAlive.release();
  await pause(30);
  expect(log).toEqual([false, true]);
  keepAlive.release();
  expect(log).toEqual([false, true]);
  await expect.poll(() => log).toEqual([false, true, false]);
  await pause(30);
  expect(log).toEqual([false, true, false]);
});

test('a sequence of calls holds once', async () => {
  const { keepAlive, log } = watched();
  for (let n = 0; n < 100; n++) {
    keepAlive.hold();
    keepAlive.release();
  }
  expect(log).toEqual([false, true]);
  await expect.poll(() => log).toEqual([false, true, false]);
  keepAlive.hold();
  expect(log).toEqual([false, true, false, true]);
});

test('keeps nothing alive after the end, even if holds were not released', async () => {
  const { keepAlive, log } = watched();
  keepAlive.hold();
  keepAlive.close();
  expect(log).toEqual([false, true, false]);
  keepAlive.release();
  keepAlive.hold();
  keepAlive.release();
  await pause(30);
  expect(log).toEqual([false, true, false]);
});

test('a timer takes the place of a handle, and ends with the worker', async () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  let end!: () => void;
  const keepAlive = keepAliveByTimer(new Promise<void>((resolve) => (end = resolve)));
  expect(timers()).toBe(before);
  keepAlive.hold();
  expect(timers()).toBe(before + 1);
  end();
  await expect.poll(timers).toBeLessThanOrEqual(before);
});
