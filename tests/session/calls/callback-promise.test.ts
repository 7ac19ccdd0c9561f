import { expect, test } from 'vitest';
import { CallbackPromise } from '../../../src/session/calls/callback-promise.js';

const settled = (): CallbackPromise<number> => new CallbackPromise((resolve) => resolve(1));

test('it is not awaited at first', async () => {
  const promise = settled();
  expect(promise.isAwaited).toBe(false);
  await new Promise((resolve) => setImmediate(resolve));
  expect(promise.isAwaited).toBe(false);
});

const ways: Record<string, (promise: Promise<number>) => unknown> = {
  then: (promise) => promise.then(() => {}),
  catch: (promise) => promise.catch(() => {}),
  finally: (promise) => promise.finally(() => {}),
  await: async (promise) => {
    await promise;
  },
  'return from an async function': async (promise) => promise,
  'Promise.all': (promise) => Promise.all([promise, 2]),
  'Promise.allSettled': (promise) => Promise.allSettled([promise]),
  'Promise.race': (promise) => Promise.race([promise, new Promise(() => {})]),
  'Promise.resolve': (promise) => Promise.resolve(promise),
  'resolving another': (promise) => new Promise((resolve) => resolve(promise)),
};
for (const [name, use] of Object.entries(ways)) {
  test(`it knows that it is awaited by ${name}`, async () => {
    const promise = settled();
    const used = use(promise);
    await new Promise((resolve) => setImmediate(resolve));
    expect(promise.isAwaited).toBe(true);
    await used;
  });
}

test('promises derived from it are plain promises', () => {
  const promise = settled();
  for (const derived of [promise.then(() => {}), promise.catch(() => {}), promise.finally(() => {})]) {
    expect(Object.getPrototypeOf(derived)).toBe(Promise.prototype);
  }
  expect(promise).toBeInstanceOf(Promise);
});

test('an ignored rejection is not an unhandled one, and can still be awaited later', async () => {
  const unhandled: unknown[] = [];
  const record = (reason: unknown): number => unhandled.push(reason);
  process.on('unhandledRejection', record);
  try {
    let reject!: (reason: Error) => void;
    const promise = new CallbackPromise<never>((_, rejectIt) => (reject = rejectIt));
    promise.ignoreRejection();
    expect(promise.isAwaited).toBe(false);
    reject(new Error('ignored'));
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(unhandled).toEqual([]);
    await expect(promise).rejects.toThrow('ignored');
  } finally {
    process.off('unhandledRejection', record);
  }
});
