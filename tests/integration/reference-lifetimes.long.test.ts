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

  test('while 10,000 are held a call costs what it costs without', { timeout: 120_000 }, async () => {
    await using full = await start(serialization);
    await using empty = await start(serialization);
    const held = await Promise.all(Array.from({ length: 10_000 }, (_, i) => full.passingBook(`b${i}`)));
    const time = async (library: typeof full): Promise<number> => {
      const begun = performance.now();
      for (let i = 0; i < 1000; i++) await library.data();
      return performance.now() - begun;
    };
    const ratios: number[] = [];
    for (let round = 0; round < 9; round++) ratios.push((await time(full)) / (await time(empty)));
    const median = ratios.toSorted((a, b) => a - b)[4] ?? Infinity;
    expect(median).toBeLessThan(1.25);
    expect(await held[9999]?.page()).toBe(1);
  });
});
