import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { procxy, type ProcxyControls } from 'procxy';
import { Cancelling } from '../fixtures/cancelling.js';
import { collectGarbage, failure, modes, sleep, within } from '../support/streams.js';

const module = '../fixtures/cancelling.js';

interface Fired {
  reason: unknown;
  isError: boolean;
  isDOM: boolean;
}

interface RemoteCancelling extends Omit<ProcxyControls<Cancelling>, '$with'> {
  $with(options: { signal: AbortSignal }): RemoteCancelling;
  fired(): Promise<unknown[]>;
  warnings(): Promise<number>;
  reasonOf(signal: AbortSignal): Promise<Fired>;
  nested(options: { deep: { signal: AbortSignal }[] }): Promise<Fired>;
  keep(signal: AbortSignal): Promise<void>;
  isKept(signal: AbortSignal): Promise<boolean>;
  same(first: AbortSignal, rest: { second: AbortSignal }): Promise<boolean>;
  isAborted(signal: AbortSignal): Promise<boolean>;
  quick(signal: AbortSignal, n: number): Promise<number>;
  slow(ms: number): Promise<number>;
  make(name: string): Promise<{ name: string; signal: AbortSignal }>;
  abort(name: string, reason?: unknown): Promise<void>;
  callBack(callback: (signal: AbortSignal) => unknown): Promise<unknown>;
}

describe.each(modes)('signals, in %s mode', (serialization) => {
  const options = { serialization, enableCallbacks: true } as const;
  let proxy: RemoteCancelling;
  beforeAll(async () => {
    proxy = (await procxy(Cancelling, module, options)) as unknown as RemoteCancelling;
  });
  afterAll(() => proxy.$terminate());

  /** Calls with a signal that fires when the call has arrived. */
  async function fire(reason?: unknown, call = (signal: AbortSignal) => proxy.reasonOf(signal)): Promise<Fired> {
    const controller = new AbortController();
    const result = call(controller.signal);
    await proxy.fired();
    controller.abort(reason);
    return within(result, 'the signal');
  }

  test('an argument, alone and deep within another', async () => {
    expect((await fire('plain')).reason).toBe('plain');
    expect((await fire('deep', (signal) => proxy.nested({ deep: [{ signal }] }))).reason).toBe('deep');
  });

  test('the reason keeps its identity', async () => {
    const byDefault = await fire();
    expect(byDefault).toMatchObject({ isError: true, isDOM: true });
    expect(byDefault.reason).toBeInstanceOf(DOMException);
    expect(byDefault.reason).toMatchObject({ name: 'AbortError', code: 20 });
    const timeout = await within(proxy.reasonOf(AbortSignal.timeout(20)), 'the timeout');
    expect(timeout.isDOM).toBe(true);
    expect(timeout.reason).toMatchObject({ name: 'TimeoutError', code: 23 });
    const own = await fire(Object.assign(new RangeError('own'), { code: 'E_OWN' }));
    expect(own.reason).toBeInstanceOf(RangeError);
    expect(own.reason).toMatchObject({ message: 'own', code: 'E_OWN' });
    for (const value of ['text', 0, null, false, { why: ['me'] }]) expect((await fire(value)).reason).toEqual(value);
    if (serialization === 'advanced') expect((await fire(new Map([[1, 2n]]))).reason).toEqual(new Map([[1, 2n]]));
  });

  test('a reason that cannot cross is replaced by the error that says so, and the signal fires', async () => {
    const refusal = { name: 'SerializationError', message: expect.stringContaining('is a symbol') as unknown };
    expect((await fire(Symbol('none'))).reason).toMatchObject({ ...refusal, path: 'reason' });
    const fired = AbortSignal.abort(Symbol('none'));
    expect((await proxy.reasonOf(fired)).reason).toMatchObject({ ...refusal, path: 'args[0].reason' });
  });

  test('a signal that has fired before arrives fired', async () => {
    expect(await proxy.isAborted(AbortSignal.abort())).toBe(true);
    expect((await proxy.reasonOf(AbortSignal.abort(new TypeError('early')))).reason).toMatchObject({
      name: 'TypeError',
      message: 'early',
    });
    expect(await proxy.isAborted(new AbortController().signal)).toBe(false);
  });

  test('the same signal is one object in the child, in one call and across calls', async () => {
    const { signal } = new AbortController();
    expect(await proxy.same(signal, { second: signal })).toBe(true);
    await proxy.keep(signal);
    expect(await proxy.isKept(signal)).toBe(true);
    expect(await proxy.isKept(new AbortController().signal)).toBe(false);
  });

  test('of a constructor', async () => {
    const controller = new AbortController();
    const create = procxy as unknown as (type: unknown, path: string, options: object, ...args: unknown[]) => unknown;
    const own = (await create(Cancelling, module, options, { signal: controller.signal })) as RemoteCancelling;
    controller.abort('constructed');
    expect(await own.fired()).toEqual(['constructed']);
    await own.$terminate();
  });

  test('composed signals fire, even if nothing here holds them', async () => {
    const controller = new AbortController();
    const call = proxy.reasonOf(AbortSignal.any([controller.signal, new AbortController().signal]));
    await proxy.fired();
    for (let i = 0; i < 3; i++) {
      collectGarbage();
      await sleep(10);
    }
    controller.abort('composed');
    expect((await within(call, 'the signal')).reason).toBe('composed');
  });

  test('of the child: in a result, and to a callback', async () => {
    const { signal } = await proxy.make('a');
    expect(signal).toBeInstanceOf(AbortSignal);
    expect(signal.aborted).toBe(false);
    const event = new Promise((resolve) => signal.addEventListener('abort', resolve));
    await proxy.abort('a', 'from the child');
    await within(event, 'the event');
    expect(signal.reason).toBe('from the child');
    const reason = await proxy.callBack(async (given) => {
      if (!given.aborted) await new Promise((resolve) => given.addEventListener('abort', resolve));
      return given.reason as unknown;
    });
    expect(reason).toMatchObject({ name: 'RangeError', message: 'from the child' });
    await proxy.make('b');
    await proxy.abort('b', 'nobody listens');
    await proxy.abort('b', 'again');
  });

  test('$with({ signal }) rejects immediately, a signal argument fires, and other calls are not affected', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const before = (await proxy.fired()).length;
    const neighbours = Promise.all([proxy.slow(60), proxy.slow(80)]);
    const call = proxy.$with({ signal }).reasonOf(signal);
    const other = failure(proxy.$with({ signal }).slow(60_000));
    const reason = new Error('enough');
    controller.abort(reason);
    expect(await within(failure(call), 'the call')).toBe(reason);
    expect(await within(other, 'the other call')).toBe(reason);
    expect(await neighbours).toEqual([60, 80]);
    expect((await proxy.fired()).slice(before)).toMatchObject([{ message: 'enough' }]);
    expect(await failure(proxy.$with({ signal }).slow(1))).toBe(reason);
  });

  test('2,000 calls with one signal leave nothing behind, and firing it afterwards has no effect', async () => {
    const own = (await procxy(Cancelling, module, options)) as unknown as RemoteCancelling;
    const warnings: string[] = [];
    const record = (warning: Error): number => warnings.push(warning.message);
    process.on('warning', record);
    const controller = new AbortController();
    const { signal } = controller;
    const numbers = Array.from({ length: 2000 }, (_, i) => i);
    const through = own.$with({ signal });
    expect(await Promise.all(numbers.map((n) => through.quick(signal, n)))).toEqual(numbers);
    controller.abort();
    expect(await own.isAborted(signal)).toBe(true);
    expect(await own.warnings()).toBe(0);
    expect(await own.$stats()).toMatchObject({
      parent: { pendingCalls: 0, exportedFunctions: 0, openStreams: 0 },
      child: { servedCalls: 0, importedFunctions: 0, openStreams: 0 },
    });
    await own.$terminate();
    process.off('warning', record);
    expect(warnings).toEqual([]);
  });

  test('aborting after the child has ended is harmless', async () => {
    const own = (await procxy(Cancelling, module, options)) as unknown as RemoteCancelling;
    const controller = new AbortController();
    await own.keep(controller.signal);
    await own.$terminate();
    controller.abort();
    expect(await failure(own.isKept(controller.signal))).toMatchObject({ name: 'TerminatedError' });
  });
});
