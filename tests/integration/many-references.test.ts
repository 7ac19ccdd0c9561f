import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { byReference, procxy } from 'procxy';
import { Library } from '../fixtures/library.js';
import { collectGarbage } from '../support/function-user.js';
import { eventually } from '../support/eventually.js';

const module = '../fixtures/library.js';

let warnings: (Error & { code?: string })[];
const record = (warning: Error): void => void warnings.push(warning);
beforeEach(() => {
  warnings = [];
  process.on('warning', record);
});
afterEach(() => void process.off('warning', record));

/** Collects garbage, and lets what follows from it run. */
async function collect(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    collectGarbage();
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
}

const piled = (): string[] =>
  warnings.filter(({ code }) => code === 'PROCXY_MANY_REFERENCES').map(({ message }) => message);

describe.each(['json', 'advanced'] as const)('many references, in %s mode', (serialization) => {
  const start = (maxReferences?: number) =>
    procxy(Library, module, { serialization, enableReferences: true, ...(maxReferences && { maxReferences }) });

  test('of one class that are held cause a warning at every doubling', async () => {
    await using library = await start();
    const held: unknown[] = [];
    const hold = async (count: number): Promise<void> => {
      held.push(...(await Promise.all(Array.from({ length: count }, (_, i) => library.passingBook(`b${i}`)))));
      held.push(await library.words('few'));
      await collect();
    };
    await hold(990);
    expect(piled()).toEqual([]);
    await hold(10);
    expect(piled()).toEqual([
      'This process holds 1000 references to objects of the class Book, and none of them is garbage. ' +
        'Release each with $release() or `using` when it is no longer needed. $stats() counts references by class.',
    ]);
    await hold(100);
    expect(piled()).toHaveLength(1);
    await hold(1000);
    expect(piled()).toHaveLength(2);
    expect(held.length).toBeGreaterThan(2000);
  });

  test('that are garbage cause no warning', async () => {
    await using library = await start();
    const use = async (): Promise<void> => {
      await Promise.all(Array.from({ length: 500 }, (_, i) => library.passingBook(`b${i}`)));
    };
    for (let i = 0; i < 6; i++) await use();
    await collect();
    expect(piled()).toEqual([]);
  });

  test('cause a warning at half of a lower limit', async () => {
    await using library = await start(20);
    const held = await Promise.all(Array.from({ length: 10 }, (_, i) => library.passingBook(`b${i}`)));
    await collect();
    expect(piled()).toHaveLength(1);
    expect(piled()[0]).toContain('holds 10 references');
    expect(held).toHaveLength(10);
  });

  test('$stats() counts those of each class, on both sides', async () => {
    await using library = await start();
    const held = [await library.newBook('a'), await library.newBook('b'), await library.counter()];
    const lent = { child: () => 'lent', log: () => {} };
    await library.keep(byReference(lent));
    const { parent, child } = await library.$stats();
    expect(parent).toMatchObject({ importedClasses: { Book: 2, '': 1 }, exportedClasses: { '': 1 } });
    expect(child).toMatchObject({ exportedClasses: { Book: 2, '': 1 }, importedClasses: { '': 1 } });
    expect(held).toHaveLength(3);
    held[0]?.$release();
    await eventually(async () => expect((await library.$stats()).child.exportedClasses).toEqual({ Book: 1, '': 1 }));
  });
});
