import { beforeEach, describe, expect, test } from 'vitest';
import { ProtocolError } from '../../../src/errors.js';
import { ImportTable } from '../../../src/session/lifetimes/import-table.js';
import { collectGarbage } from '../../support/function-user.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
type Proxy = () => unknown;

describe('ImportTable', () => {
  let imported: ImportTable<Proxy, string>;
  let given: [id: string, count: number][];
  beforeEach(() => {
    given = [];
    imported = new ImportTable<Proxy, string>({
      limit: 3,
      option: 'maxThings',
      noun: 'thing',
      createProxy: (entry) => () => entry,
      giveBack: ({ id, count }) => given.push([id, count]),
    });
  });
  /** Receives a message with one function, and keeps no reference to its proxy. */
  function receive(id: string): void {
    imported.arrive([id]);
    imported.import(id, 'a thing');
    imported.account([id]);
  }

  test('a function always has the same proxy, in one message and in several', () => {
    imported.arrive(['a', 'b']);
    const proxy = imported.import('a', 'a thing');
    expect(imported.import('a', 'a thing')).toBe(proxy);
    expect(imported.import('b', 'a thing')).not.toBe(proxy);
    imported.account(['a', 'b']);
    imported.arrive(['a']);
    expect(imported.import('a', 'a thing')).toBe(proxy);
    expect(imported.entryOf(proxy)).toMatchObject({ id: 'a', count: 2 });
    expect(imported.entryOf(() => {})).toBeUndefined();
  });

  test('an id that the message does not list is a violation', () => {
    imported.arrive(['a']);
    expect(() => imported.import('b', 'a thing')).toThrow(ProtocolError);
    expect(() => imported.import('__proto__', 'a thing')).toThrow(/does not list it/);
  });

  test('ids that nobody took are given back when the message was handled', () => {
    imported.arrive(['taken', 'left']);
    const proxy = imported.import('taken', 'a thing');
    imported.account(['taken', 'left']);
    expect(given).toEqual([['left', 1]]);
    expect(imported.size).toBe(1);
    expect(imported.entryOf(proxy)?.id).toBe('taken');
  });

  test('an id in use is not given back with a message in which nobody took it', () => {
    imported.arrive(['a']);
    const proxy = imported.import('a', 'a thing');
    imported.account(['a']);
    imported.arrive(['a']);
    imported.account(['a']);
    expect(given).toEqual([]);
    expect(imported.entryOf(proxy)).toMatchObject({ count: 2 });
  });

  test('a collected proxy is given back once, with the number of its messages', async () => {
    receive('a');
    receive('a');
    await turn();
    collectGarbage();
    imported.giveBackCollected();
    expect(given).toEqual([['a', 2]]);
    expect(imported.size).toBe(0);
    // The finalization registry reports it too.
    for (let i = 0; i < 5; i++) await turn();
    expect(given).toEqual([['a', 2]]);
  });

  test('the finalization registry alone is enough', async () => {
    receive('a');
    await turn();
    collectGarbage();
    for (let i = 0; i < 100 && given.length === 0; i++) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(given).toEqual([['a', 1]]);
    expect(imported.size).toBe(0);
  });

  test('an id that arrives again after its proxy was collected is kept', async () => {
    receive('a');
    await turn();
    collectGarbage();
    imported.arrive(['a']);
    const proxy = imported.import('a', 'a thing');
    imported.account(['a']);
    for (let i = 0; i < 5; i++) await turn();
    imported.giveBackCollected();
    expect(imported.size).toBe(1);
    const before = given.reduce((sum, [, count]) => sum + count, 0);
    expect((imported.entryOf(proxy)?.count ?? 0) + before).toBe(2);
  });

  test('a released proxy is given back immediately and only once, even if it is still in use', () => {
    imported.arrive(['a']);
    const proxy = imported.import('a', 'a thing');
    const entry = imported.entryOf(proxy);
    if (!entry) expect.unreachable();
    expect(imported.release(entry)).toBe(true);
    expect(imported.release(entry)).toBe(false);
    expect(entry.released).toBe(true);
    expect(given).toEqual([['a', 1]]);
    imported.arrive(['a']);
    expect(imported.import('a', 'a thing')).not.toBe(proxy);
  });

  test('a release by the other side finds known ids, and ignores unknown ones', () => {
    imported.arrive(['a']);
    const proxy = imported.import('a', 'a thing');
    imported.releaseById('unknown');
    expect(given).toEqual([]);
    imported.releaseById('a');
    expect(imported.entryOf(proxy)?.released).toBe(true);
    expect(given).toEqual([['a', 1]]);
  });

  test('exceeding the limit is a violation', () => {
    imported.arrive(['a', 'b', 'c']);
    imported.arrive(['a', 'b', 'c']);
    expect(() => imported.arrive(['d'])).toThrow(ProtocolError);
    expect(() => imported.arrive(['d'])).toThrow('More things arrived than the 3 that `maxThings` allows.');
  });

  test('after clear(), nothing is given back', async () => {
    receive('a');
    imported.clear();
    await turn();
    collectGarbage();
    for (let i = 0; i < 5; i++) await turn();
    expect(given).toEqual([]);
    expect(imported.size).toBe(0);
  });
});
