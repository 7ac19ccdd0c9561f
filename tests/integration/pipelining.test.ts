import type { ChildProcess } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { PipelineError, procxy } from 'procxy';
import { Library } from '../fixtures/library.js';
import { rejectionOf } from '../support/function-user.js';

const start = (serialization: 'json' | 'advanced') =>
  procxy(Library, '../fixtures/library.js', { serialization, enableReferences: true });

/** How many messages come from the child, batches counted as one. */
function countArrivals(child: ChildProcess): () => number {
  let count = 0;
  child.on('message', () => count++);
  return () => count;
}

/** A result that the types do not take for a reference. */
interface Awaiting {
  page(): Promise<unknown>;
}

describe.each(['json', 'advanced'] as const)('calls on results that have not arrived, in %s mode', (serialization) => {
  let library: Awaited<ReturnType<typeof start>>;
  beforeAll(async () => {
    library = await start(serialization);
  });
  afterAll(() => library.$terminate());

  test('run after the call that gives the result', async () => {
    expect(await library.newBook('a').turnTo(5).page()).toBe(5);
    expect(await library.newBook('slow').slowly().page()).toBe(1);
  });

  test('ten nested calls take one round trip', async () => {
    const sent: unknown[] = [];
    const child = library.$process;
    const { send } = child;
    let arrivedBefore = -1;
    const arrivals = countArrivals(child);
    vi.spyOn(child, 'send').mockImplementation(((...args: Parameters<typeof send>) => {
      // Other messages, such as that results were read, may follow at any time.
      if (/"(?:newBook|turnTo|page)"/.test(JSON.stringify(args[0])))
        arrivedBefore = Math.max(arrivedBefore, arrivals());
      sent.push(args[0]);
      return Reflect.apply(send, child, args) as boolean;
    }) as typeof send);
    let book = library.newBook('deep');
    for (let i = 1; i < 9; i++) book = book.turnTo(i);
    expect(await book.page()).toBe(8);
    vi.restoreAllMocks();
    const calls = JSON.stringify(sent).match(/"(?:newBook|turnTo|page)"/g) ?? [];
    expect(calls).toHaveLength(10);
    // Everything was sent before anything came.
    expect(arrivedBefore).toBe(0);
  });

  test('calls that are made in order run in order, also after an answer has arrived', async () => {
    const pending = library.newBook('order');
    void pending.turnTo(2);
    await pending;
    void pending.turnTo(3);
    expect(await pending.page()).toBe(3);
    expect(await (await pending).page()).toBe(3);
  });

  test('a result may be an argument of another call', async () => {
    const book = library.newBook('argument');
    expect(await library.titleOf(book)).toBe('argument');
    expect(await library.echo(library.data())).toEqual({ title: 'data', list: [1, 2], at: { nested: true } });
    expect(await book.isSame(book)).toBe(true);
    expect(await library.newBook('slow').isSame(library.newBook('slow').slowly())).toBe(false);
    await book;
    expect(await library.titleOf(book)).toBe('argument');
  });

  test('a result within an argument is refused, as other promises are', async () => {
    expect(await rejectionOf(library.echo([library.data()]))).toMatchObject({
      name: 'SerializationError',
      path: 'args[0][0]',
    });
    expect(await rejectionOf(library.echo(Promise.resolve(1)))).toMatchObject({
      name: 'SerializationError',
    });
  });

  test('if the first call fails, each later one rejects once, with its own name and the first error', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    const names: ('turnTo' | 'slowly' | 'addSequel')[] = [];
    const calls = [library.newBook('thin').turnTo(101)];
    for (let i = 0; i < 10; i++) {
      const name = (['turnTo', 'slowly', 'addSequel'] as const)[i % 3] ?? 'turnTo';
      const last = calls.at(-1) as (typeof calls)[0];
      names.push(name);
      calls.push(name === 'turnTo' ? last.turnTo(1) : name === 'slowly' ? last.slowly() : last.addSequel('more'));
    }
    const counts = calls.map(() => 0);
    for (const [index, call] of calls.entries()) {
      call.then(
        () => expect.unreachable(),
        () => (counts[index] = (counts[index] ?? 0) + 1),
      );
    }
    const [first, ...errors] = await Promise.all(calls.map((call) => rejectionOf(call)));
    expect(first).toBeInstanceOf(RangeError);
    for (const [index, error] of errors.entries()) {
      expect(error).toBeInstanceOf(PipelineError);
      expect(error).toMatchObject({ method: names[index] });
      expect((error as PipelineError).cause).toEqual(first);
    }
    expect(counts).toEqual(calls.map(() => 1));
    // Only the last is awaited here.
    expect(await rejectionOf(library.newBook('thin').turnTo(101).turnTo(1).page())).toMatchObject({
      message: 'page() needs the result of another call, and that call failed: thin has no page 101.',
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(unhandled).not.toHaveBeenCalled();
    process.off('unhandledRejection', unhandled);
  });

  test('a call that cannot be sent fails those on its result', async () => {
    const error = await rejectionOf((library.echo(Symbol('s')) as unknown as Awaiting).page());
    expect(error).toMatchObject({ name: 'PipelineError', cause: { name: 'SerializationError' } });
    expect(await rejectionOf(library.titleOf(library.echo(Symbol('s')) as never))).toMatchObject({
      name: 'PipelineError',
      method: 'titleOf',
    });
  });

  test('data has no methods to call', async () => {
    expect(await rejectionOf((library.data() as unknown as Awaiting).page())).toBeInstanceOf(TypeError);
  });

  test('a result is a promise like any other', async () => {
    const result = library.newBook('promise') as unknown as Record<string | symbol, unknown>;
    expect(result).toBeInstanceOf(Promise);
    for (const name of ['next', 'return', 'throw', 'pipe', 'subscribe', 'toJSON', 'asymmetricMatch', '_x', '$x']) {
      expect(result[name]).toBeUndefined();
      expect(name in result).toBe(false);
    }
    expect(Object.prototype.toString.call(result)).toBe('[object Promise]');
    expect(typeof result[Symbol.asyncIterator]).toBe('function');
    await result;
  });

  test('the child keeps few results', async () => {
    for (let i = 0; i < 300; i++) await library.data();
    expect(await library.newBook('later').page()).toBe(1);
  });
});

test('without the option a result has no methods of its own', async () => {
  await using library = await procxy(Library, '../fixtures/library.js');
  const result = library.data() as unknown as { page?: unknown };
  expect(result.page).toBeUndefined();
  await result;
});
