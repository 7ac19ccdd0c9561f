import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { procxy, PropertyError, SerializationError, TerminatedError, type Procxy } from 'procxy';
import { Book, Library } from '../fixtures/library.js';
import { collectGarbage, rejectionOf } from '../support/function-user.js';
import { eventually } from '../support/eventually.js';

const start = (serialization: 'json' | 'advanced') =>
  procxy(Library, '../fixtures/library.js', { serialization, enableReferences: true, enableCallbacks: true });

describe.each(['json', 'advanced'] as const)('objects with methods stay in the child, in %s mode', (serialization) => {
  let library: Awaited<ReturnType<typeof start>>;
  beforeAll(async () => {
    library = await start(serialization);
  });
  afterAll(() => library.$terminate());

  test('their methods run there, on the object itself', async () => {
    const book = await library.book('Persuasion');
    await book.turnTo(7);
    expect(await book.page()).toBe(7);
    expect(await (await library.book('Persuasion')).page()).toBe(7);
  });

  test('in arrays and objects, beside data', async () => {
    const { count, books, first } = await library.shelf(['a', 'b']);
    expect(count).toBe(2);
    expect(first).toBe(books[0]);
    expect(await Promise.all(books.map((book) => book.$get('title')))).toEqual(['a', 'b']);
    expect(await library.data()).toEqual({ title: 'data', list: [1, 2], at: { nested: true } });
  });

  test('the same object is the same proxy, and a method that returns its object gives that proxy', async () => {
    const book = await library.book('same');
    expect(await library.book('same')).toBe(book);
    expect(await book.turnTo(2)).toBe(book);
    expect(await library.book('other')).not.toBe(book);
  });

  test('a reference that is passed back arrives as the object itself', async () => {
    const book = await library.book('home');
    expect(await library.titleOf(book)).toBe('home');
    expect(await book.isSame(book)).toBe(true);
    expect(await book.isSame(await library.book('another'))).toBe(false);
    expect(await library.echo({ within: [book] })).toEqual({ within: [book] });
  });

  test('$get() reads properties and getters, which are not mirrored', async () => {
    const book = await library.book('Emma');
    expect(await book.$get('summary')).toBe('Emma, 100 pages');
    expect(await book.$get('pages')).toBe(100);
    expect(await rejectionOf(book.$get('turnTo'))).toMatchObject({
      name: 'PropertyError',
      message: 'turnTo is a method of the object, not a property. Call it on the proxy.',
    });
    expect(() => (book as unknown as Book).pages).toThrow(
      new PropertyError(
        'pages cannot be read on the proxy: a reference mirrors no properties. Use `await reference.$get(name)`.',
      ),
    );
    expect(() => (book as unknown as Book).summary).toThrow(PropertyError);
    expect((book as unknown as { other: unknown }).other).toBeUndefined();
  });

  test('the mirror of the instance contains no references', async () => {
    expect(() => (library as unknown as Library).favourite).toThrow(PropertyError);
    expect(() => (library as unknown as Library).favourite).toThrow(/\$get\('favourite'\)/);
    expect(await (await library.$get('favourite')).page()).toBe(1);
  });

  test('what a method throws arrives with its class, and the call’s own line', async () => {
    const book = await library.book('thin');
    const error = (await rejectionOf(book.turnTo(101))) as Error;
    expect(error).toBeInstanceOf(RangeError);
    expect(error.message).toBe('thin has no page 101');
    expect(error.stack).toContain('references.test.ts');
  });

  test('in arguments of callbacks and of events', async () => {
    expect(await library.visit((book) => (book as unknown as Procxy<Book>).page())).toBe(1);
    const [book, { nested }] = await new Promise<[{ page(): Promise<number> }, { nested: unknown[] }]>((resolve) => {
      library.once('book', (...args: unknown[]) => resolve(args as never));
      void library.announce('announced');
    });
    expect(nested[0]).toBe(book);
    expect(await book.page()).toBe(1);
  });

  test('an object without a class, with its own state', async () => {
    const counter = await library.counter();
    expect(await counter.increment()).toBe(1);
    expect(await counter.increment()).toBe(2);
  });

  test('printing, comparing and awaiting one calls nothing', async () => {
    const book = await library.book('printed');
    expect(String(book)).toBe('[object Remote]');
    expect(`${book as unknown as string}`).toBe('[object Remote]');
    expect(inspect(book)).toBe('Remote<Book> (held)');
    expect(JSON.stringify(book)).toBe('{}');
    expect(await book).toBe(book);
    expect(book).toEqual(book);
    expect('page' in book).toBe(true);
    expect('then' in book).toBe(false);
    expect(Object.keys(book)).toEqual([]);
    expect(Reflect.ownKeys(book)).toContain('turnTo');
  });

  test('members cannot be set', async () => {
    const book = (await library.book('set')) as unknown as Book;
    expect(() => (book.pages = 1)).toThrow(PropertyError);
    expect(() => Reflect.deleteProperty(book, 'page')).toThrow(/cannot be deleted/);
  });

  test('after $release(), a call and an argument reject with typed errors', async () => {
    const book = await library.newBook('released');
    expect(book.$release()).toBe(true);
    expect(book.$release()).toBe(false);
    expect(inspect(book)).toBe('Remote<Book> (released)');
    expect(await rejectionOf(book.page())).toEqual(
      new TerminatedError(
        'page(): the reference to Book was released by $release(). Get the object again to use it again.',
      ),
    );
    expect(await rejectionOf(library.titleOf(book))).toBeInstanceOf(SerializationError);
  });

  test('`using` releases, `await using` lets the object clean up first', async () => {
    const before = await library.$get('disposals');
    {
      await using object = await library.disposable();
      expect(await object.name()).toBe('disposable');
      using book = await library.newBook('used');
      expect(await book.page()).toBe(1);
    }
    expect(await library.$get('disposals')).toBe(before + 1);
  });

  test('a reference that is no longer held is released in the child too', async () => {
    const makeSome = async (): Promise<void> => {
      for (let i = 0; i < 50; i++) await (await library.newBook(`b${i}`)).page();
    };
    await makeSome();
    await vi.waitFor(
      async () => {
        collectGarbage();
        expect(await library.liveBooks()).toBeLessThan(5);
      },
      { timeout: 20_000, interval: 100 },
    );
  });

  test('a proxy of another child stays refused', async () => {
    await using other = await start(serialization);
    const book = await other.book('foreign');
    const error = (await rejectionOf((library as unknown as Library).echo(book) as Promise<unknown>)) as Error;
    expect(error).toBeInstanceOf(SerializationError);
    expect(error.message).toContain('a reference to an object of another process');
  });

  test('a thenable is not a reference', async () => {
    const { nested } = (await library.thenable()) as unknown as { nested: object };
    expect('$get' in nested).toBe(false);
  });

  test('after the end of the child, every call rejects with a typed error', async () => {
    await using other = await start(serialization);
    const book = await other.book('orphan');
    const open = rejectionOf(book.hang());
    void rejectionOf(other.exit());
    expect(await open).toMatchObject({ name: 'ChildCrashedError', exitCode: 3 });
    expect(await rejectionOf(book.page())).toMatchObject({ name: 'ChildCrashedError' });
    expect(inspect(book)).toBe('Remote<Book> (ended)');
    expect(book.$release()).toBe(false);
  });
});

describe('without the option', () => {
  test('an instance is copied as before, and byReference() in the child makes a reference', async () => {
    await using library = await procxy(Library, '../fixtures/library.js');
    expect(await (library as unknown as Library).book('copied')).toEqual({ title: 'copied', pages: 100 });
    const marked = await library.marked();
    expect(await marked.$get('title')).toBe('marked');
    expect(await marked.page()).toBe(1);
  });
});

describe.each(['json', 'advanced'] as const)('iteration over a reference, in %s mode', (serialization) => {
  let library: Awaited<ReturnType<typeof start>>;
  beforeAll(async () => {
    library = await start(serialization);
  });
  afterAll(() => library.$terminate());

  test('`for await` works where the object is iterable, as often as it does over there', async () => {
    const words = await library.words('a b c');
    for (let i = 0; i < 2; i++) {
      const read: string[] = [];
      for await (const word of words) read.push(word);
      expect(read).toEqual(['a', 'b', 'c']);
    }
  });

  test('leaving the loop closes the iterator over there', async () => {
    const words = await library.words('a b c');
    for await (const word of words) if (word === 'a') break;
    await eventually(async () => expect(await words.wasClosed()).toBe(true));
  });

  test('an iterator without other methods crosses as an iterator', async () => {
    const read: unknown[] = [];
    for await (const item of (library as unknown as { iterator(): AsyncIterable<unknown> }).iterator()) read.push(item);
    expect(read).toEqual([1, 2]);
  });

  test('a cursor is a reference, with its methods and its items', async () => {
    const cursor = await library.cursor();
    expect(await cursor.limit(2)).toBe(cursor);
    const read: number[] = [];
    for await (const item of cursor) read.push(item);
    expect(read).toEqual([0, 1]);
    expect(await (await library.cursor()).toArray()).toEqual([0, 1, 2, 3]);
  });
});
