import { EventEmitter } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { procxy, registerTransferHandler } from 'procxy';
import { Book, Cursor, Library, Words } from '../fixtures/library.js';
import { Desk, Newsroom } from '../fixtures/newsroom.js';
import { runScript } from '../support/scripts.js';

/** A class of the same name as one of the child, which has nothing to do with it. */
class Stranger {
  page(): number {
    return 0;
  }
}

describe('`instanceof` on a reference', () => {
  let library: Awaited<ReturnType<typeof start>>;
  const start = () => procxy(Library, '../fixtures/library.js', { enableReferences: true });
  beforeAll(async () => {
    library = await start();
  });
  afterAll(() => library.$terminate());

  test('is true for its class, if this process has loaded it', async () => {
    const [book, words, cursor] = await Promise.all([library.book('a'), library.words('a b'), library.cursor()]);
    expect([book instanceof Book, words instanceof Words, cursor instanceof Cursor]).toEqual([true, true, true]);
    expect([book instanceof Words, words instanceof Book, book instanceof Library]).toEqual([false, false, false]);
    expect([book instanceof Object, book instanceof EventEmitter, book instanceof Stranger]).toEqual([
      true,
      false,
      false,
    ]);
    expect((book as unknown as Book).constructor).toBe(Book);
    expect(Object.getPrototypeOf(book)).toBe(Book.prototype);
  });

  test('is false for an object without a class, and printing is unchanged', async () => {
    const counter = await library.counter();
    expect(counter instanceof Book).toBe(false);
    expect(String(await library.book('a'))).toBe('[object Remote]');
  });

  test('a reference that is passed back arrives as the object itself, even if its class has a handler', async () => {
    registerTransferHandler('test-book', {
      canHandle: (value) => value instanceof Book,
      encode: () => 'copied',
      decode: () => new Book('copied'),
    });
    const book = await library.book('home');
    expect(book instanceof Book).toBe(true);
    expect(await library.titleOf(book)).toBe('home');
  });

  test('is true for a class that the module imports, and for base classes', async () => {
    await using newsroom = await procxy(Newsroom, '../fixtures/newsroom.js', { enableReferences: true });
    const [desk, bare] = await Promise.all([newsroom.desk('a'), newsroom.bare()]);
    expect([desk instanceof Desk, desk instanceof EventEmitter, bare instanceof EventEmitter]).toEqual([
      true,
      true,
      true,
    ]);
    expect(bare instanceof Desk).toBe(false);
  });
});

describe('`instanceof` on a proxy from classFrom()', () => {
  const fixture = (name: string): string =>
    JSON.stringify(fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url)));
  const url = JSON.stringify(new URL('../fixtures/library.js', import.meta.url).href);
  const references = '{ enableReferences: true }';

  test('is true if an ES module was loaded before or after', async () => {
    const { stdout, stderr } = await runScript(`
      const { classFrom } = await import('procxy');
      const library = await procxy(classFrom(${fixture('library.js')}, 'Library'), ${references});
      const book = await library.book('a');
      class Library {}
      console.log(library instanceof Library, library instanceof Object);
      const loaded = await import(${url});
      await new Promise((resolve) => setTimeout(resolve, 1100));
      console.log(library instanceof loaded.Library, library.constructor === loaded.Library, library instanceof Library);
      console.log((await library.words('a')) instanceof loaded.Words);
      await library.$terminate();
    `);
    expect({ stdout, stderr }).toEqual({ stdout: 'false true\ntrue true false\ntrue\n', stderr: '' });
  });

  test('is true if a CommonJS module was loaded', async () => {
    const { stdout, stderr } = await runScript(`
      const { createRequire } = await import('node:module');
      const { classFrom } = await import('procxy');
      const require = createRequire(${url});
      const { Cached } = require(${fixture('modules/cached.cjs')});
      const proxy = await procxy(classFrom(${fixture('modules/cached.cjs')}, 'Cached'));
      console.log(proxy instanceof Cached);
      await proxy.$terminate();
    `);
    expect({ stdout, stderr }).toEqual({ stdout: 'true\n', stderr: '' });
  });

  test('loads no module itself', async () => {
    const { stdout } = await runScript(`
      const { classFrom } = await import('procxy');
      globalThis.loadedHere = 0;
      const proxy = await procxy(classFrom(${fixture('modules/counting.js')}, 'Counting'));
      console.log(proxy instanceof Map, globalThis.loadedHere, await proxy.loaded());
      await proxy.$terminate();
    `);
    expect(stdout).toBe('false 0 1\n');
  });
});
