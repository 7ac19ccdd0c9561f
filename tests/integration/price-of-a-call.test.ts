import { createHook } from 'node:async_hooks';
import type { ChildProcess } from 'node:child_process';
import { getHeapSpaceStatistics } from 'node:v8';
import { describe, expect, test } from 'vitest';
import { procxy } from 'procxy';
import { Bursting } from '../fixtures/bursting.js';
import { collectGarbage } from '../support/streams.js';

const module = '../fixtures/bursting.js';
const CALLS = 1000;
const numbers = Array.from({ length: CALLS }, (_, index) => index);

/** Counts the messages that cross while `run` runs, and the timers that it creates here. */
async function count(child: ChildProcess, run: () => Promise<unknown>) {
  const counts = { sends: 0, messages: 0, timers: 0 };
  const { send } = child;
  child.send = ((...args: Parameters<typeof send>) => {
    counts.sends++;
    return Reflect.apply(send, child, args);
  }) as typeof send;
  const onMessage = (): void => void counts.messages++;
  child.on('message', onMessage);
  const hook = createHook({
    init: (_id, type) => {
      if (type === 'Timeout') counts.timers++;
    },
  }).enable();
  try {
    await run();
  } finally {
    hook.disable();
    child.off('message', onMessage);
    child.send = send;
  }
  return counts;
}

/** Does not measure time, which depends on the machine, but counts what a careless change would multiply. */
describe.each(['json', 'advanced'] as const)('the price of 1,000 calls in %s mode', (serialization) => {
  const options = { serialization, enableCallbacks: true } as const;

  test('in one turn: a few writes in each direction, and no timer for each call', async () => {
    await using bursting = await procxy(Bursting, module, options);
    const counts = await count(bursting.$process, () => Promise.all(numbers.map((n) => bursting.echo(n))));
    expect(counts.sends).toBeLessThan(100);
    expect(counts.messages).toBeLessThan(200);
    expect(counts.timers).toBeLessThan(5);
  });

  test('in sequence: one write in each direction for each call', async () => {
    await using bursting = await procxy(Bursting, module, options);
    const counts = await count(bursting.$process, async () => {
      for (const n of numbers) await bursting.echo(n);
    });
    expect(counts.sends).toBe(CALLS);
    expect(counts.messages).toBe(CALLS);
    expect(counts.timers).toBeLessThan(200);
  });

  test('callbacks and events that are not awaited: many in each message', async () => {
    await using bursting = await procxy(Bursting, module, options);
    bursting.on('reported', () => {});
    const counts = await count(bursting.$process, () => bursting.report(CALLS, () => {}));
    expect(counts.messages).toBeLessThan(200);
    expect(counts.sends).toBeLessThan(200);
  });

  test('properties that change with each call: compared once for each write', async () => {
    await using bursting = await procxy(Bursting, module, options);
    const counts = await count(bursting.$process, () => Promise.all(numbers.map(() => bursting.increment())));
    expect(counts.messages).toBeLessThan(200);
  });

  test('each value is read once', async () => {
    await using bursting = await procxy(Bursting, module, options);
    let reads = 0;
    const value = Object.defineProperty({}, 'part', { enumerable: true, get: () => ++reads });
    expect(await bursting.echo([value])).toEqual([{ part: 1 }]);
    expect(reads).toBe(1);
  });
});

test('answered calls are not held, even if many were open for long', async () => {
  await using bursting = await procxy(Bursting, module);
  const burst = (): Promise<unknown> => Promise.all(numbers.map((n) => bursting.echo(n)));
  const open = burst();
  // Everything that exists now counts as old.
  collectGarbage();
  collectGarbage();
  await open;
  const before = megabytesOfOldSpace();
  let peak = before;
  for (let round = 0; round < 150; round++) {
    await burst();
    peak = Math.max(peak, megabytesOfOldSpace());
  }
  expect(peak - before).toBeLessThan(6);
});

function megabytesOfOldSpace(): number {
  const space = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'old_space');
  return (space?.space_used_size ?? Infinity) / 1e6;
}
