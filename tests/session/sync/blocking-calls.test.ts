import { describe, expect, test } from 'vitest';
import { sync } from '../../../src/codec/sync-mark.js';
import { call, openSides } from '../../support/two-sides.js';

type SyncFn = (...args: unknown[]) => unknown;

function attempt(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return error;
  }
}

describe.each(['json', 'advanced'] as const)('BlockingCalls, in %s mode', (mode) => {
  const withMethod = (use: (fn: SyncFn) => unknown, limit = 10) => openSides({ mode, limit, methods: { use } });

  test('returns the result of the function without a turn of the event loop', async () => {
    let turned = false;
    const { parent } = withMethod((fn) => {
      setImmediate(() => (turned = true));
      return [fn('a'), fn('b'), turned];
    });
    expect(
      await call(
        parent,
        'use',
        sync((text: string) => `${text}!`),
      ),
    ).toEqual(['a!', 'b!', false]);
  });

  test('throws what the function throws', async () => {
    const { parent } = withMethod((fn) => attempt(fn));
    const fail = (): never => {
      throw new RangeError('far');
    };
    expect(await call(parent, 'use', sync(fail))).toMatchObject({ name: 'RangeError', message: 'far' });
  });

  test('throws an error for an argument or a result that cannot cross', async () => {
    const { parent } = withMethod((fn) => [attempt(() => fn({ x: Symbol('s') })), attempt(() => fn(1))]);
    const give = (): unknown => ({ y: Symbol('s') });
    expect(await call(parent, 'use', sync(give))).toMatchObject([
      { name: 'SerializationError', path: 'args[0].x' },
      { name: 'SerializationError', path: 'result.y' },
    ]);
    expect(parent.session.stats().servedCalls).toBe(0);
  });

  test('passes functions, and gives them back when they are no longer held', async () => {
    const { parent, child } = withMethod((fn) => fn(() => 'an argument'));
    expect(
      await call(
        parent,
        'use',
        sync((given: unknown) => typeof given),
      ),
    ).toBe('function');
    expect(child.functions.stats.exportedFunctions).toBe(1);
    await call(
      parent,
      'use',
      sync(() => undefined),
    );
  });

  test('asks for room if a function does not fit, but fails, since this call cannot wait', async () => {
    const held: unknown[] = [];
    const { parent } = withMethod((fn) => [() => 1, () => 2, () => 3].map((each) => attempt(() => fn(each))), 2);
    const outcome = await call(
      parent,
      'use',
      sync((given: unknown) => void held.push(given)),
    );
    expect(outcome).toMatchObject([undefined, undefined, { name: 'CallbackLimitError' }]);
  });

  test('messages that were sent earlier are handled earlier', async () => {
    const order: unknown[] = [];
    const { parent } = openSides({
      mode,
      methods: {
        use: (note: SyncFn, ask: SyncFn) => {
          void note('first');
          void note('second');
          return ask('third');
        },
      },
    });
    const note = (text: unknown): void => void order.push(text);
    await call(parent, 'use', note, sync(note));
    expect(order).toEqual(['first', 'second', 'third']);
  });

  test('drops the collection that a visitor is given as well, where that cannot cross', async () => {
    const { parent } = withMethod((fn) => {
      const visited: unknown[] = [];
      new Map([['a', 1]]).forEach((value, key, map) => visited.push(fn(value, key, map)));
      return visited;
    });
    expect(
      await call(
        parent,
        'use',
        sync((value: number, key: string) => [key, value]),
      ),
    ).toEqual([['a', 1]]);
  });

  test('throws a TerminatedError after the session has ended, and writes nothing', async () => {
    let kept: SyncFn | undefined;
    let calls = 0;
    const { parent, child } = withMethod((fn) => void (kept = fn));
    await call(
      parent,
      'use',
      sync(() => calls++),
    );
    child.session.close((method) => new Error(`${method}() is over.`));
    expect(attempt(() => kept?.())).toMatchObject({ name: 'TerminatedError', ran: 'no' });
    expect(calls).toBe(0);
  });

  test('throws a TerminatedError if the other side has gone', async () => {
    const sides = withMethod((fn) => {
      sides.sync.close();
      return attempt(fn);
    });
    expect(
      await call(
        sides.parent,
        'use',
        sync(function ask() {}),
      ),
    ).toMatchObject({
      name: 'TerminatedError',
      message: 'ask() cannot return: the parent process has ended.',
    });
  });

  test('throws a TerminatedError for a released function', async () => {
    const sides = withMethod((fn) => {
      sides.child.functions.release(fn as never);
      return attempt(fn);
    });
    expect(
      await call(
        sides.parent,
        'use',
        sync(() => {}),
      ),
    ).toMatchObject({ name: 'TerminatedError' });
  });
});
