import { describe, expect, test, vi } from 'vitest';
import { procxy } from 'procxy';
import { Library } from '../fixtures/library.js';
import { rejectionOf } from '../support/function-user.js';

const module = '../fixtures/library.js';

/** Calls made while there is no child, and the restart that they wait for. */
const restart = { minDelay: 10, maxDelay: 20, onRestart: () => {} };

async function withoutUnhandled(run: () => Promise<void>): Promise<void> {
  const unhandled = vi.fn();
  process.on('unhandledRejection', unhandled);
  try {
    await run();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(unhandled).not.toHaveBeenCalled();
  } finally {
    process.off('unhandledRejection', unhandled);
  }
}

describe.each(['json', 'advanced'] as const)('calls on results that have not arrived, in %s mode', (serialization) => {
  test('with `retries`, wait for the attempt that counts', async () => {
    await using library = await procxy(Library, module, { serialization, enableReferences: true, retries: 2 });
    expect(await library.newBook('a').turnTo(5).page()).toBe(5);
    const book = library.newBook('argument');
    expect(await library.titleOf(book)).toBe('argument');
    expect(await book.isSame(book)).toBe(true);
    expect(await library.titleOf(library.newBook('nested').turnTo(2))).toBe('nested');
    await withoutUnhandled(async () => {
      const error = await rejectionOf(library.titleOf(library.newBook('thin').turnTo(101)));
      expect(error).toMatchObject({ name: 'PipelineError', method: 'titleOf' });
      expect((error as Error).cause).toBeInstanceOf(RangeError);
    });
  });

  test('with `retries`, run once on the result of the second attempt, and not on that of the first', async () => {
    await using library = await procxy(Library, module, {
      serialization,
      enableReferences: true,
      retries: 1,
      timeout: 2500,
    });
    // The first attempt is too late. Its answer is dropped when it comes.
    expect(await library.onSecondCall('late').turnTo(3).page()).toBe(3);
    expect(await library.callsOf('late')).toBe(2);
    expect(await library.titleOf(library.onSecondCall('argument'))).toBe('argument');
  });

  test('with `restart`, wait for the next child if there is none', async () => {
    await using library = await procxy(Library, module, { serialization, enableReferences: true, restart });
    const { $exited: exited } = library;
    void rejectionOf(library.exit());
    await exited;
    const book = library.newBook('waiting');
    const calls = [book.turnTo(4).page(), library.titleOf(book), library.titleOf(book.slowly()), book.isSame(book)];
    expect(await Promise.all(calls)).toEqual([4, 'waiting', 'waiting', true]);
    expect(library.$restarts).toBe(1);
  });

  test('that a crash finds open reject once, each with its own name, and do not run in the next child', async () => {
    await using library = await procxy(Library, module, { serialization, enableReferences: true, restart });
    await withoutUnhandled(async () => {
      const first = library.hangingBook();
      const second = first.turnTo(2);
      const third = second.page();
      const asArgument = library.titleOf(first);
      void rejectionOf(library.exit());
      const errors = await Promise.all([first, second, third, asArgument].map((call) => rejectionOf(call)));
      for (const error of errors) expect(error).toMatchObject({ name: 'ChildCrashedError', ran: 'maybe', exitCode: 3 });
      expect(errors.map((error) => (error as Error).message.split('(')[0])).toEqual([
        'hangingBook',
        'turnTo',
        'page',
        'titleOf',
      ]);
      expect(await library.callsOf('any')).toBe(0);
      // A result that the crash has rejected fails what is called on it later.
      expect(await rejectionOf(first.page())).toMatchObject({ ran: 'no' });
      expect(await rejectionOf(library.titleOf(first))).toMatchObject({ name: 'PipelineError', method: 'titleOf' });
    });
  });

  test('that had arrived from the old child reject, and nothing runs', async () => {
    await using library = await procxy(Library, module, { serialization, enableReferences: true, restart });
    const pending = library.newBook('old');
    const book = await pending;
    await rejectionOf(library.exit());
    expect(await library.data()).toBeDefined();
    for (const call of [book.page(), pending.page()]) {
      expect(await rejectionOf(call)).toMatchObject({ ran: 'no' });
    }
    expect(await rejectionOf(pending.turnTo(1).page())).toMatchObject({ name: 'PipelineError', cause: { ran: 'no' } });
    expect(await rejectionOf(library.titleOf(book))).toMatchObject({ name: 'SerializationError' });
    expect(await library.newBook('new').page()).toBe(1);
  });
});
