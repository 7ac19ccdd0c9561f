import { AsyncLocalStorage } from 'node:async_hooks';
import diagnostics from 'node:diagnostics_channel';
import { afterEach, describe, expect, test } from 'vitest';
import { procxy, sync, TerminatedError, type ProcxyOptions } from 'procxy';
import { Traced } from '../fixtures/traced.js';
import { runScript } from '../support/scripts.js';

const module = '../fixtures/traced.js';
const url = JSON.stringify(new URL(module, import.meta.url).href);

const script = (options: ProcxyOptions): string => `
  const { sync } = await import('procxy');
  const { Traced } = await import(${url});
  const traced = await procxy(Traced, ${url}, ${JSON.stringify({ enableCallbacks: true, ...options })});
  traced.on('said', () => {});
  await traced.say('secret-event');
  await Promise.all(Array.from({ length: 50 }, (_, n) => traced.echo('secret-argument-' + n)));
  await traced.each(['secret-item'], async function visitor(item) { return item; });
  await traced.map(['secret-item'], sync(function mapper(item) { return item; }));
  await traced.fail().catch(() => {});
  await traced.$terminate();
`;

describe('NODE_DEBUG=procxy', () => {
  test.each([{}, { serialization: 'advanced' }, { channel: 'socket' }] as ProcxyOptions[])(
    'prints what crosses, in both directions and on both sides, without values: %j',
    async (options) => {
      const { code, stdout, stderr } = await runScript(script(options), { NODE_DEBUG: 'procxy' });
      expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
      expect(stderr).not.toMatch(/secret|as asked/);
      const lines = stderr.split('\n').map((line) => line.replaceAll(/\d+/g, 'N'));
      // A burst travels as a batch. Each of its messages is printed.
      const count = (line: string): number => lines.filter((each) => each === line).length;
      for (const way of ['→ child N', '← parent']) {
        expect(count(`PROCXY N: ${way} call-invoke callId=N method='echo' args=[N]`)).toBe(50);
      }
      for (const way of ['← child N', '→ parent']) {
        expect(count(`PROCXY N: ${way} event-emit event='said' args=[N]`)).toBe(1);
      }
      expect(lines).toContain('PROCXY N: child N will run Traced');
      expect(stderr).toMatch(/PROCXY \d+: ← child \d+, waiting: callback-invoke callbackId='[-\w]+' args=\[3\]/);
      expect(stderr).toMatch(/PROCXY \d+: child \d+ ended: code 0, signal null/);
    },
  );

  test('prints values on request', async () => {
    const { stderr } = await runScript(script({}), { NODE_DEBUG: 'procxy-values' });
    expect(stderr).toContain("method='echo' args=[ 'secret-argument-7' ]");
    expect(stderr).toContain('as asked');
  });

  test('prints nothing without it', async () => {
    expect(await runScript(script({}))).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });
});

describe('tracing channels', () => {
  const undo: (() => void)[] = [];
  afterEach(() => {
    for (const each of undo.splice(0)) each();
  });

  type Event = [name: string, context: Record<string, unknown>];

  function trace(name: 'start' | 'call' | 'callback'): Event[] {
    const events: Event[] = [];
    const subscribers = Object.fromEntries(
      (['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const).map((event) => [
        event,
        (context: object): void => void events.push([event, context as Record<string, unknown>]),
      ]),
    ) as unknown as Parameters<diagnostics.TracingChannel['subscribe']>[0];
    const channel = diagnostics.tracingChannel(`procxy:${name}`);
    channel.subscribe(subscribers);
    undo.push(() => void channel.unsubscribe(subscribers));
    return events;
  }

  const names = (events: Event[]): string[] => events.map(([name]) => name);
  const settled = ['start', 'end', 'asyncStart', 'asyncEnd'];
  const failed = ['start', 'end', 'error', 'asyncStart', 'asyncEnd'];

  test('procxy:start and procxy:end report a child', async () => {
    const starts = trace('start');
    const ends: unknown[] = [];
    const listener = (context: unknown): unknown => ends.push(context);
    diagnostics.subscribe('procxy:end', listener);
    undo.push(() => void diagnostics.unsubscribe('procxy:end', listener));
    const traced = await procxy(Traced, module);
    const { pid } = traced.$where;
    expect(names(starts)).toEqual(settled);
    expect(starts[0]?.[1]).toMatchObject({ className: 'Traced', pid });
    await traced.$terminate();
    expect(ends).toEqual([{ className: 'Traced', pid, code: 0, signal: null }]);
  });

  test('a start that fails says why', async () => {
    const starts = trace('start');
    await expect(procxy(Traced, './none.js')).rejects.toThrow();
    expect(names(starts)).toEqual(failed);
    expect(starts[0]?.[1]).toMatchObject({ error: { name: 'ModuleResolutionError' } });
  });

  test('procxy:call reports a call, with the same context in all its events', async () => {
    await using traced = await procxy(Traced, module);
    const calls = trace('call');
    expect(await traced.echo('x')).toBe('x');
    expect(names(calls)).toEqual(settled);
    const [, context] = calls[0] as Event;
    expect(context).toEqual({
      className: 'Traced',
      pid: traced.$where.pid,
      method: 'echo',
      arguments: ['x'],
      result: 'x',
    });
    expect(new Set(calls.map(([, each]) => each)).size).toBe(1);
  });

  test('procxy:call reports a call that fails, and one after the end', async () => {
    const traced = await procxy(Traced, module);
    const calls = trace('call');
    await expect(traced.fail()).rejects.toThrow('as asked');
    expect(names(calls)).toEqual(failed);
    expect(calls[0]?.[1]).toMatchObject({ method: 'fail', error: { name: 'RangeError' } });
    await traced.$terminate();
    calls.length = 0;
    await expect(traced.echo(1)).rejects.toThrow(TerminatedError);
    expect(names(calls)).toEqual(['start', 'error', 'asyncStart', 'asyncEnd', 'end']);
  });

  test('an unhandled rejection stays unhandled', async () => {
    const { code, stderr } = await runScript(`
      const diagnostics = await import('node:diagnostics_channel');
      const { Traced } = await import(${url});
      const events = [];
      diagnostics.tracingChannel('procxy:call').subscribe({ error: ({ error }) => console.error('traced', error.message) });
      const traced = await procxy(Traced, ${url});
      traced.fail();
      await new Promise((resolve) => setTimeout(resolve, 10_000));
    `);
    expect(code).toBe(1);
    expect(stderr).toContain('traced as asked');
    expect(stderr).toContain('RangeError: as asked');
  });

  test('procxy:callback reports functions that the child calls', async () => {
    await using traced = await procxy(Traced, module, { enableCallbacks: true });
    const callbacks = trace('callback');
    const { pid } = traced.$where;
    expect(await traced.each([1], async (n: number) => n * 2)).toEqual([2]);
    expect(names(callbacks)).toEqual(settled);
    expect(callbacks[0]?.[1]).toMatchObject({ pid, arguments: [1], result: 2 });
    callbacks.length = 0;
    const mapper = sync((n: number) => n * 3);
    expect(await traced.map([2], mapper)).toEqual([6]);
    expect(names(callbacks)).toEqual(['start', 'end']);
    expect(callbacks[0]?.[1]).toMatchObject({ result: 6 });
    callbacks.length = 0;
    const failing = (): never => {
      throw new RangeError('no');
    };
    await expect(traced.each([1], failing)).rejects.toThrow('no');
    expect(names(callbacks)).toEqual(['start', 'error', 'end']);
  });

  test('the `then` of a thenable that a function returns is called once, traced or not', async () => {
    await using traced = await procxy(Traced, module, { enableCallbacks: true });
    let waits = 0;
    const lazy = (): PromiseLike<number> => ({
      // oxlint-disable-next-line unicorn/no-thenable
      then: (...args) => Promise.resolve(++waits).then(...args),
    });
    expect(await traced.each([1], lazy)).toEqual([1]);
    trace('callback');
    expect(await traced.each([1], lazy)).toEqual([2]);
  });

  test('a store that is bound to start is available while a function runs', async () => {
    await using traced = await procxy(Traced, module, { enableCallbacks: true });
    const storage = new AsyncLocalStorage<string>();
    const { start } = diagnostics.tracingChannel<string, { name: string }>('procxy:callback');
    start.bindStore(storage, (context) => `in ${context.name}`);
    undo.push(() => void start.unbindStore(storage));
    const seen: unknown[] = [];
    await traced.each([1], async function visitor() {
      seen.push(storage.getStore());
      await Promise.resolve();
      seen.push(storage.getStore());
    });
    expect(seen).toEqual(['in visitor', 'in visitor']);
  });
});
