import { describe, expect, test } from 'vitest';
import { sync } from '../../../src/codec/sync-mark.js';
import { call, failureOf, openSides, type Side } from '../../support/two-sides.js';
import { eventually } from '../../support/eventually.js';

type Fn = (...args: unknown[]) => Promise<unknown>;

/** Waits until a side holds no function of the other side. */
async function expectNone(side: Side, count: 'exportedFunctions' | 'importedFunctions'): Promise<void> {
  await eventually(() => expect(side.functions.stats[count]).toBe(0));
}

describe.each(['json', 'advanced'] as const)('Callbacks, in %s mode', (mode) => {
  test('a function is called with its arguments, and on its receiver if it crosses as a method', async () => {
    const { parent } = openSides({
      mode,
      methods: { add: (fn: Fn) => fn(1, 2), read: (counter: { read: Fn }) => counter.read() },
    });
    expect(await call(parent, 'add', (a: number, b: number) => a + b)).toBe(3);
    const counter = {
      count: 7,
      read() {
        return this.count;
      },
    };
    expect(await call(parent, 'read', counter)).toBe(7);
  });

  test('a function keeps its identity on the other side, and comes back as itself', async () => {
    const { parent } = openSides({ mode, methods: { same: (a: Fn, b: Fn) => a === b, echo: (fn: Fn) => fn } });
    const fn = (): void => {};
    expect(await call(parent, 'same', fn, fn)).toBe(true);
    expect(await call(parent, 'echo', fn)).toBe(fn);
    expect(parent.functions.stats.exportedFunctions).toBe(1);
  });

  test('a function in an answer to an abandoned call is given back', async () => {
    let answer!: (fn: () => void) => void;
    const methods = { late: () => new Promise((resolve) => (answer = resolve)) };
    const { parent, child } = openSides({ mode, methods });
    const late = parent.session.call('instance', 'late', [], { timeout: 5 });
    expect(await failureOf(late)).toMatchObject({ name: 'TimeoutError' });
    answer(() => {});
    await eventually(() => expect(child.session.stats().servedCalls).toBe(0));
    await expectNone(child, 'exportedFunctions');
    expect(parent.functions.stats.importedFunctions).toBe(0);
  });

  test('a function in a message that could not be sent is not exported', async () => {
    const { parent } = openSides({ mode, methods: { none: () => {} } });
    expect(await failureOf(call(parent, 'none', () => {}, Symbol('s')))).toMatchObject({ path: 'args[1]' });
    expect(parent.functions.stats.exportedFunctions).toBe(0);
  });

  test('after release() by its owner, calls on the other side fail', async () => {
    let kept: Fn | undefined;
    const { parent, child } = openSides({ mode, methods: { keep: (fn: Fn) => void (kept = fn) } });
    const fn = (): void => {};
    await call(parent, 'keep', fn);
    expect(parent.functions.release(fn)).toBe(true);
    await expectNone(child, 'importedFunctions');
    expect(await failureOf(Promise.resolve(kept?.()))).toMatchObject({ name: 'TerminatedError' });
    expect(parent.functions.release(() => {})).toBe(false);
  });

  test('release() by its user gives it back, and its owner may pass it again', async () => {
    let kept: Fn | undefined;
    const { parent, child } = openSides({
      mode,
      methods: { keep: (fn: Fn) => void (kept = fn), call: (fn: Fn) => fn() },
    });
    const fn = (): string => 'here';
    await call(parent, 'keep', fn);
    expect(child.functions.release(kept as Fn)).toBe(true);
    await expectNone(parent, 'exportedFunctions');
    expect(await call(parent, 'call', fn)).toBe('here');
  });

  test('release() finds a function that crossed marked by sync()', async () => {
    const { parent } = openSides({ mode, methods: { call: (fn: Fn) => fn() } });
    const fn = (): string => 'here';
    expect(await call(parent, 'call', sync(fn))).toBe('here');
    expect(parent.functions.release(fn)).toBe(true);
  });

  test('at the limit, the other side collects its garbage first, and later calls keep their order', async () => {
    const order: unknown[] = [];
    const { parent } = openSides({
      mode,
      limit: 2,
      methods: { drop: (fn: Fn) => void order.push(fn.name), note: (text: string) => void order.push(text) },
    });
    const named = (name: string): Fn => Object.defineProperty(async () => {}, 'name', { value: name });
    await Promise.all([
      call(parent, 'drop', named('a')),
      call(parent, 'drop', named('b')),
      call(parent, 'drop', named('c')),
      call(parent, 'note', 'd'),
    ]);
    expect(order).toEqual(['a', 'b', 'c', 'd']);
  });

  test('one more function than the limit is a CallbackLimitError', async () => {
    const kept: Fn[] = [];
    const { parent } = openSides({ mode, limit: 2, methods: { keep: (fn: Fn) => void kept.push(fn) } });
    const results = await Promise.allSettled([1, 2, 3].map((n) => call(parent, 'keep', () => n)));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(results[2]).toMatchObject({ reason: { name: 'CallbackLimitError' } });
    expect(kept).toHaveLength(2);
  });

  test('the parent accepts no more functions of its child than the limit', async () => {
    const { parent, child } = openSides({ mode, limit: 1 });
    const coded = ['8f0e2b6a-0000-4000-8000-000000000001', '8f0e2b6a-0000-4000-8000-000000000002'];
    child.channel.send({ type: 'child-fatal', coded });
    await eventually(() => expect(parent.violations).toHaveLength(1));
    expect(parent.violations[0]?.message).toMatch('More functions arrived than the 1');
  });

  test.each([
    [
      'an invocation of a function that was never handed out',
      { type: 'callback-invoke', callbackId: 'x', args: [], invokeId: 1 },
    ],
    ['garbage that was collected unasked', { type: 'callback-collected' }],
    [
      'a function that is given back more often than it was sent',
      { type: 'callback-cleanup', callbackId: 'x', count: 1 },
    ],
  ])('%s is a violation', async (_name, message) => {
    const { parent, child } = openSides({ mode });
    child.channel.send(message);
    await eventually(() => expect(parent.violations).toHaveLength(1));
  });

  test('a second request for a collection while one is pending is a violation', async () => {
    const { parent, child } = openSides({ mode });
    for (const _ of [1, 2]) child.channel.send({ type: 'callback-collect' });
    await eventually(() => expect(parent.violations).toHaveLength(1));
  });

  test('both registries are empty after the end', async () => {
    let kept: Fn | undefined;
    const { parent, child } = openSides({ mode, methods: { keep: (fn: Fn) => void (kept = fn) } });
    await call(parent, 'keep', () => {});
    for (const { session } of [parent, child]) session.close((method) => new Error(`${method}(): over`));
    await expectNone(parent, 'exportedFunctions');
    await expectNone(child, 'importedFunctions');
    expect(await failureOf(Promise.resolve(kept?.()))).toMatchObject({
      message: expect.stringContaining('over') as unknown,
    });
  });
});
