import { describe, expect, test } from 'vitest';
import {
  collectGarbage,
  countsAfterCollection,
  inWindows,
  none,
  startFunctionUser,
  type RemoteFunctionUser,
} from '../support/function-user.js';
import { times } from '../support/thorough.js';

async function heapsAfterCollection(user: RemoteFunctionUser): Promise<{ parent: number; child: number }> {
  const child = await user.collectGarbage();
  collectGarbage();
  return { parent: process.memoryUsage().heapUsed, child };
}

/** Generous: a leak of one small object a round would be several times as much. */
const HEAP_NOISE = 4_000_000;

describe.each(['json', 'advanced'] as const)('the lifetime of functions, in %s mode', (serialization) => {
  const tenths = times(4, 10);
  test(`${tenths * 10_000} invocations and ${tenths * 1000} functions leave nothing, and the heaps stay flat`, async () => {
    await using user = await startFunctionUser({ serialization });
    const heaps = [];
    let invoked = 0;
    for (let tenth = 0; tenth < tenths; tenth++) {
      await user.invokeMany(() => void invoked++, 10_000, 1000);
      await inWindows(1000, 100, (n) => user.call(() => n));
      heaps.push(await heapsAfterCollection(user));
    }
    expect(invoked).toBe(tenths * 10_000);
    expect(await countsAfterCollection(user)).toEqual(none);
    for (const side of ['parent', 'child'] as const) {
      const [first, last] = [heaps[1]?.[side] ?? 0, heaps.at(-1)?.[side] ?? 0];
      expect(last - first, `the growth of the ${side}'s heap`).toBeLessThan(HEAP_NOISE);
    }
  }, 120_000);
});
