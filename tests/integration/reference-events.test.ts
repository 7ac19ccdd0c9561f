import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { procxy, TerminatedError } from 'procxy';
import { closed, Newsroom } from '../fixtures/newsroom.js';
import { collectGarbage, rejectionOf } from '../support/function-user.js';
import { runScript } from '../support/scripts.js';

const module = '../fixtures/newsroom.js';
const fixture = JSON.stringify(new URL(module, import.meta.url).href);

const start = (serialization: 'json' | 'advanced') =>
  procxy(Newsroom, module, { serialization, enableReferences: true });

describe.each(['json', 'advanced'] as const)('events of a reference, in %s mode', (serialization) => {
  let newsroom: Awaited<ReturnType<typeof start>>;
  beforeAll(async () => {
    newsroom = await start(serialization);
  });
  afterAll(() => newsroom.$terminate());

  const subscriptions = async (): Promise<number[]> => {
    const { parent, child } = await newsroom.$stats();
    return [parent.subscriptions, child.subscriptions];
  };

  test('arrive before the call that fired them resolves, with `this` and without enableCallbacks', async () => {
    const desk = await newsroom.desk('sports');
    const seen: unknown[] = [];
    desk.on('goal', function (this: unknown, ...args: unknown[]) {
      seen.push(this === desk, ...args);
    });
    await desk.fire('goal', 1, { by: 'Ada' });
    expect(seen).toEqual([true, 1, { by: 'Ada' }]);
    await newsroom.fireAt('sports', 'goal', 2);
    expect(seen).toHaveLength(5);
    desk.removeAllListeners();
  });

  test('cross only while somebody listens, and off() ends that', async () => {
    const desk = await newsroom.desk('weather');
    const events: unknown[] = [];
    const record = (message: { type?: string }): void => void (message.type === 'event-emit' && events.push(message));
    newsroom.$process.on('message', record);
    const listener = (): void => {};
    await desk.fire('rain');
    desk.on('rain', listener).on('rain', listener);
    expect(await newsroom.listeners('weather', 'rain')).toBe(1);
    expect(await subscriptions()).toEqual([1, 1]);
    await desk.fire('rain');
    await desk.fire('sun');
    expect(desk.off('rain', listener)).toBe(desk);
    await desk.fire('rain');
    desk.off('rain', listener);
    await desk.fire('rain');
    expect(events).toHaveLength(2);
    expect(await newsroom.listeners('weather', 'rain')).toBe(0);
    expect(await subscriptions()).toEqual([0, 0]);
    newsroom.$process.off('message', record);
  });

  test('each object has its own listeners', async () => {
    const [first, second] = await Promise.all([newsroom.desk('first'), newsroom.desk('second')]);
    const seen: string[] = [];
    first.on('x', () => seen.push('first'));
    second.on('x', () => seen.push('second'));
    await first.fire('x');
    await second.fire('x');
    first.removeAllListeners('x');
    await first.fire('x');
    await second.fire('x');
    expect(seen).toEqual(['first', 'second', 'second']);
    expect([first.listenerCount('x'), second.listenerCount('x')]).toEqual([0, 1]);
    second.removeAllListeners();
  });

  test('once(), events.once(), an error event and symbols', async () => {
    const desk = await newsroom.desk('odd');
    const seen: unknown[] = [];
    desk.once('a', (value) => seen.push(value));
    await desk.fire('a', 1);
    await desk.fire('a', 2);
    const awaited = once(desk, 'b');
    await desk.fire('b', 3);
    seen.push(...(await awaited));
    desk.on(closed, (value) => seen.push(value));
    desk.on(Symbol.for('registered'), (value) => seen.push(value));
    await desk.fireSymbol();
    expect(seen).toEqual([1, 3, 'exported', 'registered']);
    desk.on('error', (error: Error) => seen.push(error.message));
    await desk.fire('error', new RangeError('as an event'));
    expect(seen.at(-1)).toBe('as an event');
    desk.removeAllListeners();
    await expect(desk.fire('error', new RangeError('nobody listens'))).rejects.toThrow('nobody listens');
    expect(Reflect.get(desk, 'emit')).toBeUndefined();
    expect('emit' in desk).toBe(false);
    expect(await subscriptions()).toEqual([0, 0]);
  });

  test('a listener runs in the asynchronous context of its on()', async () => {
    const storage = new AsyncLocalStorage<string>();
    const desk = await newsroom.desk('context');
    const seen: unknown[] = [];
    storage.run('mine', () => desk.once('x', () => seen.push(storage.getStore())));
    await storage.run('another', () => desk.fire('x'));
    expect(seen).toEqual(['mine']);
  });

  test('an argument that cannot cross is a warning, and the child keeps running', async () => {
    if (serialization === 'advanced') return void expect(await newsroom.desk('map')).toBeDefined();
    const desk = await newsroom.desk('map');
    const warned = once(process, 'warning') as Promise<[Error & { code?: string }]>;
    desk.on('map', () => {});
    await desk.fireMap();
    const [warning] = await warned;
    expect(warning).toMatchObject({ code: 'PROCXY_EVENT_FAILED' });
    expect(warning.message).toMatch(/event 'map'.*args\[0\] is a Map/);
    desk.removeAllListeners();
  });

  test('an emitter without methods of its own', async () => {
    const bare = await newsroom.bare();
    const seen: unknown[] = [];
    bare.on('x', (value) => seen.push(value));
    await newsroom.fireBare('x', 5);
    expect(seen).toEqual([5]);
    bare.removeAllListeners();
  });

  test('a reference that is listened to is not collected; without listeners it is', async () => {
    const seen: unknown[] = [];
    const listener = (value: unknown): number => seen.push(value);
    await (async () => void (await newsroom.desk('held')).on('x', listener))();
    const imported = async (): Promise<number> => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      collectGarbage();
      return (await newsroom.$stats()).parent.importedReferences;
    };
    for (let i = 0; i < 5; i++) await imported();
    await newsroom.fireAt('held', 'x', 1);
    expect(seen).toEqual([1]);
    const before = await imported();
    await (async () => void (await newsroom.desk('held')).off('x', listener))();
    await vi.waitFor(async () => expect(await imported()).toBeLessThan(before), { timeout: 20_000, interval: 50 });
    expect(await newsroom.listeners('held', 'x')).toBe(0);
  });

  test('$release() ends them: the listeners are gone, there and here', async () => {
    const desk = await newsroom.desk('released');
    let count = 0;
    desk.on('x', () => count++).once('y', () => count++);
    expect(await subscriptions()).toEqual([2, 2]);
    expect(desk.$release()).toBe(true);
    expect(desk.listenerCount('x')).toBe(0);
    await newsroom.fireAt('released', 'x');
    expect(count).toBe(0);
    expect(await newsroom.listeners('released', 'x')).toBe(0);
    expect(await subscriptions()).toEqual([0, 0]);
    for (const method of ['on', 'once', 'addListener', 'prependListener', 'prependOnceListener'] as const) {
      expect(() => desk[method]('x', () => {})).toThrow(TerminatedError);
    }
    desk.off('x', () => {});
    // The object itself lives on, and a new reference to it can be listened to.
    const again = await newsroom.desk('released');
    again.on('x', () => count++);
    await again.fire('x');
    expect(count).toBe(1);
    again.$release();
  });

  test('an object may be released and listened to again while its last events are in transit', async () => {
    const seen: string[] = [];
    const desk = await newsroom.desk('quick');
    desk.on('x', () => seen.push('old'));
    const fired = newsroom.fireAt('quick', 'x');
    desk.$release();
    const again = await newsroom.desk('quick');
    again.on('x', () => seen.push('new'));
    await fired;
    await newsroom.fireAt('quick', 'x');
    expect(seen).toEqual(['new']);
    again.removeAllListeners();
    await again.fire('x');
    expect(await subscriptions()).toEqual([0, 0]);
  });

  test('the end of the child ends them', async () => {
    const other = await start(serialization);
    const desk = await other.desk('mortal');
    let count = 0;
    desk.on('x', () => count++);
    await desk.fire('x');
    await rejectionOf(other.exit());
    expect(count).toBe(1);
    expect(desk.listenerCount('x')).toBe(1);
    desk.off('y', () => {});
    for (const method of ['on', 'once', 'prependListener'] as const) {
      expect(() => desk[method]('y', () => {})).toThrow(
        expect.objectContaining({
          name: 'TerminatedError',
          message: `${method}(): the reference to Desk belongs to a child that has ended. Get the object again to use it again.`,
        }),
      );
    }
    expect(await rejectionOf(desk.fire('x'))).toMatchObject({ name: 'ChildCrashedError' });
  });

  test('listeners are added to a reference that is there: on its promise they are refused', async () => {
    const pending = newsroom.desk('pending') as unknown as { on(event: string, listener: unknown): Promise<unknown> };
    const error = await rejectionOf(pending.on('x', 5));
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toBe(
      'on() was called on an emitter that had not arrived. Await the emitter first',
    );
  });
});

test('an object with on() and off() but without emit() takes listeners as callbacks', async () => {
  await using newsroom = await procxy(Newsroom, module, { enableReferences: true, enableCallbacks: true });
  const ticker = await newsroom.ticker();
  const seen: number[] = [];
  const listener = (n: number): number => seen.push(n);
  expect(await ticker.on('tick', listener)).toBe(ticker);
  expect(await ticker.tick(1)).toBe(1);
  expect(await ticker.off('tick', listener)).toBe(true);
  expect(await ticker.tick(2)).toBe(0);
  expect(seen).toEqual([1]);
  await using without = await start('json');
  const refused = (await without.ticker()) as unknown as { on(event: string, f: () => void): Promise<unknown> };
  expect(await rejectionOf(refused.on('tick', () => {}))).toMatchObject({ name: 'SerializationError' });
});

test('a listener keeps this process alive until it is removed', async () => {
  const { stdout, stderr, code } = await runScript(`
    import { Newsroom } from ${fixture};
    const newsroom = await procxy(Newsroom, { enableReferences: true });
    const desk = await newsroom.desk('alive');
    desk.once('later', (ms) => console.log('after', ms));
    desk.on('error', () => {});
    await desk.fireLater(300);
    desk.once('later', () => desk.$release());
  `);
  expect({ stdout, stderr, code }).toEqual({ stdout: 'after 300\n', stderr: '', code: 0 });
});
