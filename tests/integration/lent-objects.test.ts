import { createServer } from 'node:http';
import { AsyncLocalStorage } from 'node:async_hooks';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { byReference, OptionsValidationError, procxy, ReferenceLimitError, SerializationError } from 'procxy';
import { Library } from '../fixtures/library.js';
import { collectGarbage, rejectionOf } from '../support/function-user.js';
import { eventually } from '../support/eventually.js';

const start = (serialization: 'json' | 'advanced', maxReferences?: number) =>
  procxy(Library, '../fixtures/library.js', { serialization, maxReferences, enableReferences: true });

class Logger {
  lines: string[] = [];
  /** What a hostile child must not reach. */
  readonly server = createServer();

  log(text: string): number {
    return this.lines.push(text);
  }

  fail(): void {
    throw new RangeError('the log is full');
  }

  itself(): this {
    return this;
  }

  child(): Logger {
    return new Logger();
  }

  settings(): object {
    return { level: 'info' };
  }

  get secret(): string {
    this.lines.push('the getter ran');
    return 'secret';
  }
}

describe.each(['json', 'advanced'] as const)('an object that the parent lends, in %s mode', (serialization) => {
  let library: Awaited<ReturnType<typeof start>>;
  beforeAll(async () => {
    library = await start(serialization);
  });
  afterAll(() => library.$terminate());

  test('has its methods called here', async () => {
    const logger = new Logger();
    expect(await library.logWith(byReference(logger), 'a line')).toBe(1);
    expect(logger.lines).toEqual(['a line']);
  });

  test('keeps its identity in the child, and comes back as itself', async () => {
    const logger = new Logger();
    await library.keep(byReference(logger));
    expect(await library.isKept(byReference(logger))).toBe(true);
    expect(await library.isKept(byReference(new Logger()))).toBe(false);
    expect(await library.echo(byReference(logger))).toBe(logger);
    expect(await library.echo({ deep: [byReference(logger)] })).toEqual({ deep: [logger] });
  });

  test('a method that returns its object returns its proxy. Other results are copied', async () => {
    const logger = new Logger();
    expect(await library.callOn(byReference(logger), 'itself')).toBe(logger);
    expect(await library.callOn(byReference(logger), 'settings')).toEqual({ level: 'info' });
  });

  test('the error of a method arrives in the child', async () => {
    const error = await rejectionOf(library.callOn(byReference(new Logger()), 'fail'));
    expect(error).toBeInstanceOf(RangeError);
    expect(error).toMatchObject({ message: 'the log is full' });
  });

  test('only the methods that are named are lent', async () => {
    const logger = new Logger();
    expect(await library.callOn(byReference(logger, ['log']), 'log', 'narrow')).toBe(1);
    expect(await rejectionOf(library.callOn(byReference(logger, ['log']), 'fail'))).toBeInstanceOf(TypeError);
    expect(await library.echo(byReference(logger, ['log']))).toBe(logger);
  });

  test('inspecting one in the child shows its methods, and calls nothing', async () => {
    const logger = new Logger();
    const { keys, type, text, json } = await library.look(byReference(logger));
    expect(keys).toEqual(expect.arrayContaining(['log', 'fail', '$release']));
    expect(keys).not.toContain('$get');
    expect(keys).not.toContain('secret');
    expect([type, text, json]).toEqual(['object', '[object Remote]', '{}']);
    expect(logger.lines).toEqual([]);
  });

  test('its methods run in the asynchronous context in which it was lent', async () => {
    const context = new AsyncLocalStorage<string>();
    const asked = { store: () => context.getStore() };
    const inContext = context.run('lent here', () => library.callOn(byReference(asked), 'store'));
    expect(await inContext).toBe('lent here');
  });

  test('a failure that the child does not await is a warning here, and does not end a process', async () => {
    const warnings = vi.fn();
    process.on('warning', warnings);
    await library.callWithoutWaiting(byReference(new Logger()), 'fail');
    await eventually(() =>
      expect(warnings).toHaveBeenCalledWith(
        expect.objectContaining({ code: 'PROCXY_CALLBACK_FAILED', message: expect.stringContaining('fail() failed') }),
      ),
    );
    process.off('warning', warnings);
    expect(await library.words('still there')).toBeDefined();
  });

  test('it is given back when it is garbage in the child', async () => {
    await library.dropKept();
    const lend = async (): Promise<void> => {
      for (let i = 0; i < 20; i++) await library.logWith(byReference(new Logger()), 'x');
    };
    await lend();
    await vi.waitFor(
      async () => {
        await library.dropKept();
        expect((await library.$stats()).parent.exportedReferences).toBeLessThan(5);
      },
      { timeout: 20_000, interval: 100 },
    );
  });
});

test('byReference() takes objects and the names of their methods', () => {
  expect(() => byReference(1 as unknown as object)).toThrow(OptionsValidationError);
  expect(() => byReference(Promise.resolve())).toThrow(/Await it first/);
  expect(() => byReference(new Logger(), ['nothing' as 'log'])).toThrow(/got 'nothing'/);
  expect(() => byReference(new Logger(), ['secret' as 'log'])).toThrow(OptionsValidationError);
});

test('unmarked, an object with methods is still refused as a constructor’s argument', async () => {
  class Taking {
    constructor(readonly logger: unknown) {}
  }
  const error = (await rejectionOf(
    procxy(Taking, { inProcess: true, enableReferences: true }, new Logger()) as Promise<unknown>,
  )) as Error;
  expect(error).toBeInstanceOf(SerializationError);
  expect(error.message).toContain('byReference');
  await using taking = await procxy(Taking, { inProcess: true }, byReference(new Logger()));
  expect(taking).toBeDefined();
});

describe('maxReferences', () => {
  test('many objects can be passed in sequence, since the other side gives back what it does not need', async () => {
    await using library = await start('json', 100);
    const make = async (): Promise<void> => {
      for (let i = 0; i < 1000; i++) await (await library.newBook('b')).page();
    };
    await make();
    const { parent, child } = await library.$stats();
    expect(child.exportedReferences).toBeLessThanOrEqual(100);
    expect(parent.importedReferences).toBeLessThanOrEqual(100);
    collectGarbage();
  });

  test('one more object than the limit is a ReferenceLimitError, and later calls keep their order', async () => {
    await using library = await start('json', 10);
    const books = await Promise.all(Array.from({ length: 10 }, (_, i) => library.newBook(`b${i}`)));
    const [error, data] = await Promise.all([rejectionOf(library.newBook('one more')), library.data()]);
    expect(error).toBeInstanceOf(ReferenceLimitError);
    expect(error).toMatchObject({ code: 'PROCXY_REFERENCE_LIMIT' });
    expect((error as Error).message).toMatch(/10 objects.*maxReferences.*\$release/);
    expect(data).toMatchObject({ title: 'data' });
    books[0]?.$release();
    expect(await (await library.newBook('room again')).page()).toBe(1);
  });

  test('it counts the parent’s objects too', async () => {
    await using library = await start('json', 3);
    for (let i = 0; i < 3; i++) await library.keep(byReference(new Logger()));
    expect(await rejectionOf(library.keep(byReference(new Logger())))).toBeInstanceOf(ReferenceLimitError);
  });
});
