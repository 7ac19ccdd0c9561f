import { afterAll, describe, expect, test } from 'vitest';
import { PipelineError, procxyKeyed, procxyPool } from 'procxy';
import { Library } from '../fixtures/library.js';

const module = '../fixtures/library.js';
const enableReferences = true;
const outcome = (promise: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(promise).then(
    (value) => value,
    (error: unknown) => error,
  );

const pool = await procxyPool(Library, module, { size: 1, enableReferences, retries: 1 });
const keyed = procxyKeyed(Library, module, { perChild: 2, enableReferences });
afterAll(() => Promise.all([pool.$terminate(), keyed.$terminate()]));

describe.each([
  ['a pool', pool],
  ['the instance of a key, which does not live yet', keyed.get('first')],
  ['the instance of a key, which lives', keyed.get('first')],
] as const)('a result of %s, before it has arrived', (_name, library) => {
  test('has the methods that its types promise', async () => {
    expect(await library.newBook('a').turnTo(5).page()).toBe(5);
    const book = library.newBook('b');
    void book.turnTo(2);
    void book.turnTo(3);
    expect(await book.page()).toBe(3);
    expect(await (await book).page()).toBe(3);
  });

  test('may be an argument of another call', async () => {
    expect(await library.titleOf(library.newBook('argument'))).toBe('argument');
  });

  test('rejects what was chained on it if its call fails', async () => {
    const error = (await outcome(library.newBook('short').turnTo(1e6).page())) as Error;
    expect(error).toBeInstanceOf(PipelineError);
    expect(error.message).toContain('page()');
    expect(error.cause).toMatchObject({ name: 'RangeError' });
  });
});

test('a result of an instance in $use() has them too', async () => {
  expect(await pool.$use((library) => library.newBook('used').turnTo(4).page())).toBe(4);
});
