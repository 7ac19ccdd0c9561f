import { describe, expect, test } from 'vitest';
import { procxy, procxyPool, TerminatedError } from 'procxy';
import { Broken, Countdown, ReadingList, Shelves } from '../fixtures/reading-list.js';
import { rejectionOf } from '../support/function-user.js';
import { eventually } from '../support/eventually.js';

const module = '../fixtures/reading-list.js';

async function readAll<T>(items: AsyncIterable<T>): Promise<T[]> {
  const read: T[] = [];
  for await (const item of items) read.push(item);
  return read;
}

describe.each(['json', 'advanced'] as const)('`for await` over a proxy, in %s mode', (serialization) => {
  test('reads the items of the instance, as often as they are asked for', async () => {
    await using list = await procxy(ReadingList, module, { serialization }, 'Emma', 'Dune');
    expect(await readAll(list)).toEqual(['Emma', 'Dune']);
    await list.add('Ulysses');
    expect(await readAll(list)).toEqual(['Emma', 'Dune', 'Ulysses']);
    expect(await Promise.all([readAll(list), readAll(list)])).toEqual([
      ['Emma', 'Dune', 'Ulysses'],
      ['Emma', 'Dune', 'Ulysses'],
    ]);
  });

  test('leaving the loop closes the iterator in the child', async () => {
    await using list = await procxy(ReadingList, module, { serialization }, 'Emma', 'Dune');
    for await (const title of list) if (title === 'Emma') break;
    expect(await list.$get('wasClosed')).toBe(true);
    await using countdown = await procxy(Countdown, module, { serialization });
    const read: unknown[] = [];
    await expect(
      (async () => {
        for await (const n of countdown) {
          read.push(n);
          if (n === 3) throw new Error('enough');
        }
      })(),
    ).rejects.toThrow('enough');
    expect(read).toEqual([0, 1, 2, 3]);
    await eventually(async () => expect(await countdown.isClosed()).toBe(true));
    expect((await countdown.$stats()).child.openStreams).toBe(0);
  });

  test('an error of the iterator reaches the loop, and so does the end of the child', async () => {
    await using broken = await procxy(Broken, module, { serialization });
    await expect(readAll(broken as unknown as AsyncIterable<unknown>)).rejects.toThrow(RangeError);
    const list = await procxy(ReadingList, module, { serialization }, 'Emma', 'Dune');
    await rejectionOf(list.exit());
    expect(await rejectionOf(readAll(list))).toMatchObject({ name: 'ChildCrashedError' });
    const ended = await procxy(ReadingList, module, { serialization });
    await ended.$terminate();
    expect(await rejectionOf(readAll(ended))).toBeInstanceOf(TerminatedError);
  });

  test('other well-known symbols have their methods, which return promises', async () => {
    await using list = await procxy(ReadingList, module, { serialization }, 'Emma', 'Dune');
    expect(await list[Symbol.search]('read Dune first')).toBe(1);
    expect(await list[Symbol.replace]('Emma and Dune', 'X')).toBe('X and X');
    expect(Symbol.iterator in list).toBe(false);
    expect(Symbol.match in list).toBe(false);
    expect(Symbol.asyncIterator in list).toBe(true);
  });

  test('$with() reaches the iterator too', async () => {
    await using list = await procxy(ReadingList, module, { serialization }, 'Emma');
    const controller = new AbortController();
    controller.abort(new Error('not today'));
    await expect(readAll(list.$with({ signal: controller.signal }))).rejects.toThrow('not today');
  });
});

test('an instance of a built-in collection', async () => {
  await using shelves = await procxy(Shelves, module, { serialization: 'advanced' });
  await shelves.set('a', 1);
  expect(await readAll(shelves)).toEqual([['a', 1]]);
});

test('with references, a restart and a pool', async () => {
  await using list = await procxy(
    ReadingList,
    module,
    { enableReferences: true, restart: { onRestart: () => {} } },
    'a',
  );
  expect(await readAll(list)).toEqual(['a']);
  await rejectionOf(list.exit());
  expect(await readAll(list)).toEqual(['a']);
  await using pool = await procxyPool(ReadingList, module, { size: 1 }, 'b');
  expect(await pool.$use((one) => readAll(one))).toEqual(['b']);
});

test('in this process', async () => {
  await using list = await procxy(ReadingList, { inProcess: true }, 'Emma');
  expect(await readAll(list)).toEqual(['Emma']);
});
