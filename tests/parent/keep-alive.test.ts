import { expect, test } from 'vitest';
import { KeepAlive } from '../../src/parent/keep-alive.js';

function watched(): { keepAlive: KeepAlive; log: boolean[] } {
  const log: boolean[] = [];
  return { keepAlive: new KeepAlive((alive) => log.push(alive)), log };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test('keeps nothing alive before somebody waits', () => {
  expect(watched().log).toEqual([false]);
});

test('lets go some time after the last hold was released, and once', async () => {
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

test('calls that follow one another hold once', async () => {
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

test('after the end nothing is held, whatever is still to be released', async () => {
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
