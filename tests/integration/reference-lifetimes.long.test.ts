import { CountingLibrary, stepsSince } from '../fixtures/counting-steps.js'; // The first: it counts what is loaded after it.
import { describe, expect, test, vi } from 'vitest';
import { procxy } from 'procxy';
import { Library } from '../fixtures/library.js';
import { collectGarbage } from '../support/function-user.js';

const start = (serialization: 'json' | 'advanced') =>
  procxy(Library, '../fixtures/library.js', { serialization, enableReferences: true });

const MANY = 100_000;
const BATCH = 500;

describe.each(['json', 'advanced'] as const)('references, in %s mode', (serialization) => {
  test('100,000 that are made and dropped leave nothing behind', { timeout: 300_000 }, async () => {
    await using library = await start(serialization);
    const make = async (count: number): Promise<void> => {
      for (let made = 0; made < count; made += BATCH) {
        const books = await Promise.all(Array.from({ length: BATCH }, (_, i) => library.passingBook(`b${i}`)));
        await books[0]?.page();
      }
    };
    const heaps = async (): Promise<number[]> => {
      await vi.waitFor(
        async () => {
          collectGarbage();
          const { parent, child } = await library.$stats();
          expect([parent.importedReferences, child.exportedReferences]).toEqual([0, 0]);
        },
        { timeout: 60_000, interval: 100 },
      );
      return [process.memoryUsage().heapUsed, await library.heapUsed()];
    };
    await make(MANY / 10);
    const before = await heaps();
    await make(MANY);
    const after = await heaps();
    // What 100,000 of anything takes is more than this.
    for (const [index, heap] of after.entries()) expect(heap - (before[index] ?? 0)).toBeLessThan(4_000_000);
  });

  test('while 10,000 are held a call takes as many steps as it takes without', { timeout: 120_000 }, async () => {
    const startCounting = () =>
      procxy(CountingLibrary, '../fixtures/counting-steps.js', {
        serialization,
        enableReferences: true,
        execArgv: ['--import', new URL('../fixtures/counting-steps.js', import.meta.url).href],
        // V8 counts no steps in code from a cache.
        env: { ...process.env, NODE_DISABLE_COMPILE_CACHE: '1' },
      });
    await using full = await startCounting();
    await using empty = await startCounting();
    const held = await Promise.all(Array.from({ length: 10_000 }, (_, i) => full.passingBook(`b${i}`)));
    /** The steps of 1000 calls, in the parent and in the child. */
    const count = async (library: typeof full): Promise<number[]> => {
      stepsSince();
      await library.stepsSince();
      for (let i = 0; i < 1000; i++) await library.data();
      return [stepsSince(), await library.stepsSince()];
    };
    // Code that V8 has not optimized yet takes more steps.
    for (let round = 0; round < 3; round++) for (const library of [full, empty]) await count(library);
    const [[parentFull = Infinity, childFull = Infinity], [parentEmpty = 0, childEmpty = 0]] = [
      await count(full),
      await count(empty),
    ];
    expect(Math.min(parentEmpty, childEmpty)).toBeGreaterThan(10_000);
    // One look at each that is held, for each call, would be 10,000,000 steps.
    expect(parentFull).toBeLessThan(3 * parentEmpty);
    expect(childFull).toBeLessThan(3 * childEmpty);
    expect(await held[9999]?.page()).toBe(1);
  });
});
