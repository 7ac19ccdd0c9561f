import { errorMonitor, on, once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { procxy, type Procxy } from 'procxy';
import { done, Emitting } from '../fixtures/emitting.js';
import { runScript } from '../support/scripts.js';
import { times } from '../support/thorough.js';

const module = '../fixtures/emitting.js';

describe('events', () => {
  let emitting: Procxy<Emitting>;
  beforeEach(async () => {
    emitting = await procxy(Emitting, module);
  });
  afterEach(() => emitting.$terminate());

  /** Counts the messages of events that the child sends from now on. */
  const countEmits = (): (() => number) => {
    let count = 0;
    emitting.$process.on('message', (message: { type?: string }) => {
      if (message.type === 'event-emit') count++;
    });
    return () => count;
  };

  test('arrive with their arguments, before the call that fired them resolves', async () => {
    const seen: unknown[] = [];
    emitting.on('a', (...args: unknown[]) => seen.push(args));
    await emitting.fire('a', 1, undefined, { x: null });
    expect(seen).toEqual([[1, undefined, { x: null }]]);
  });

  test('cross only while somebody listens', async () => {
    const events = countEmits();
    await emitting.fire('a');
    expect(events()).toBe(0);
    const listener = (): void => {};
    emitting.on('a', listener);
    await emitting.fire('a');
    await emitting.fire('b');
    expect(events()).toBe(1);
    emitting.off('a', listener);
    await emitting.fire('a');
    expect(events()).toBe(1);
    expect(await emitting.listening('a')).toBe(0);
  });

  test('several listeners share one subscription', async () => {
    const events = countEmits();
    const seen: string[] = [];
    emitting.on('a', () => seen.push('second'));
    emitting.prependListener('a', () => seen.push('first'));
    emitting.addListener('a', () => seen.push('third'));
    expect(await emitting.listening('a')).toBe(1);
    await emitting.fire('a');
    expect(seen).toEqual(['first', 'second', 'third']);
    expect(events()).toBe(1);
    expect(await emitting.$stats()).toMatchObject({ parent: { subscriptions: 1 }, child: { subscriptions: 1 } });
  });

  test('once() and prependOnceListener() call a listener once', async () => {
    let count = 0;
    emitting.once('a', () => count++);
    emitting.prependOnceListener('a', () => count++);
    await emitting.fire('a');
    await emitting.fire('a');
    expect(count).toBe(2);
    expect(await emitting.listening('a')).toBe(0);
  });

  test('a function added by both once() and on() stays after the first event', async () => {
    let count = 0;
    const listener = (): number => count++;
    emitting.once('a', listener);
    emitting.on('a', listener);
    for (let i = 0; i < 3; i++) await emitting.fire('a');
    expect(count).toBe(4);
    const inner = (): void => void count++;
    const outer = Object.assign(() => void (count += 100), { listener: inner });
    emitting.removeAllListeners('a').on('a', outer);
    await emitting.fire('a');
    await emitting.fire('a');
    expect(count).toBe(204);
    emitting.off('a', outer).once('a', listener).off('a', listener);
    expect(emitting.listenerCount('a')).toBe(0);
  });

  test('listeners can be listed and removed as on any emitter', async () => {
    const listener = (): void => {};
    expect(emitting.on('a', listener)).toBe(emitting);
    emitting.once('b', listener);
    expect(emitting.listenerCount('a')).toBe(1);
    expect(emitting.listeners('b')).toEqual([listener]);
    expect(emitting.eventNames()).toEqual(['a', 'b']);
    expect(emitting.removeListener('a', listener)).toBe(emitting);
    expect(emitting.removeAllListeners()).toBe(emitting);
    expect(emitting.eventNames()).toEqual([]);
    expect(await emitting.$stats()).toMatchObject({ parent: { subscriptions: 0 }, child: { subscriptions: 0 } });
    emitting.on('a', listener).on('b', listener).removeAllListeners('a');
    expect(emitting.eventNames()).toEqual(['b']);
    expect(emitting.setMaxListeners(3).getMaxListeners()).toBe(3);
  });

  test('a listener may remove itself, add others and call the proxy', async () => {
    const seen: string[] = [];
    const first = (): void => {
      seen.push('first');
      emitting.off('a', first);
      emitting.on('a', () => seen.push('added'));
      again = emitting.fire('b');
    };
    let again: Promise<unknown> | undefined;
    emitting.on('a', first);
    const b = once(emitting, 'b');
    await emitting.fire('a');
    await b;
    await again;
    await emitting.fire('a');
    expect(seen).toEqual(['first', 'added']);
  });

  test('`this` is the proxy', async () => {
    const selves: unknown[] = [];
    emitting.on('a', function (this: unknown) {
      selves.push(this);
    });
    await emitting.fire('a');
    expect(selves).toEqual([emitting]);
    expect(selves[0]).toBe(emitting);
  });

  test('events.once and events.on work', async () => {
    const single = once(emitting, 'a');
    await emitting.fire('a', 5);
    expect(await single).toEqual([5]);
    const iterator = on(emitting, 'tick');
    const burst = emitting.burst(3);
    const ticks: unknown[] = [];
    for await (const [tick] of iterator) if (ticks.push(tick) === 3) break;
    expect(ticks).toEqual([0, 1, 2]);
    await burst;
  });

  test('events.once rejects with an error event', async () => {
    const failing = once(emitting, 'never');
    const rejected = expect(failing).rejects.toThrow(TypeError);
    await emitting.fail();
    await rejected;
  });

  test('symbols: registered, exported and Node’s own', async () => {
    const seen: unknown[] = [];
    emitting.on(Symbol.for('registered'), (value) => seen.push(value));
    emitting.on(done, (value) => seen.push(value));
    emitting.on(errorMonitor, (error: Error) => seen.push(error.message));
    emitting.on('error', () => {});
    await emitting.fireSymbols();
    await emitting.fail();
    expect(seen).toEqual(['registered', 'exported', 'as an event']);
    expect(() => emitting.on(Symbol(), () => {})).toThrow(/symbol without a description/);
  });

  test('a symbol that the child cannot identify is a warning', async () => {
    const warnings: string[] = [];
    const record = (warning: Error): number => warnings.push(warning.message);
    process.on('warning', record);
    emitting.on(Symbol('unexported'), () => {});
    emitting.on(Symbol('twin'), () => {});
    await emitting.fireSymbols();
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', record);
    expect(warnings[0]).toMatch(/Symbol\('unexported'\) did not arrive\. No symbol .* Use Symbol\.for/);
    expect(warnings[1]).toMatch(/More than one symbol Symbol\('twin'\)/);
  });

  test('an error event reaches its listeners, and throws in the child if there are none', async () => {
    const seen: unknown[] = [];
    emitting.on('error', (error) => seen.push(error));
    expect(await emitting.fail()).toBe('survived');
    expect(seen[0]).toBeInstanceOf(TypeError);
    emitting.removeAllListeners('error');
    await expect(emitting.fail()).rejects.toThrow('as an event');
  });

  test('the instance, errors and undefined are arguments like any other', async () => {
    const arrived = once(emitting, 'self');
    await emitting.fireSelf();
    const [self, { error }, nothing] = (await arrived) as [unknown, { error: Error }, undefined];
    expect(self).toBe(emitting);
    expect(error).toBeInstanceOf(RangeError);
    expect(nothing).toBeUndefined();
  });

  test('an argument that cannot cross is a warning, and the child keeps running', async () => {
    const warned = once(process, 'warning') as Promise<[Error & { code?: string }]>;
    emitting.on('map', () => {});
    expect(await emitting.fireMap()).toBe('survived');
    const [warning] = await warned;
    expect(warning.code).toBe('PROCXY_EVENT_FAILED');
    expect(warning.message).toMatch(/event 'map': args\[0\] is a Map/);
  });

  const burst = times(20_000, 200_000);
  test(`${burst} in a burst arrive in order`, async () => {
    let next = 0;
    let inOrder = true;
    emitting.on('tick', (tick: number) => (inOrder &&= tick === next++));
    await emitting.burst(burst);
    expect([next, inOrder]).toEqual([burst, true]);
  });

  test('a listener that throws is an uncaught error, and does not affect others', async () => {
    const { stdout, stderr, code } = await runScript(`
      import { Emitting } from ${JSON.stringify(new URL('../fixtures/emitting.js', import.meta.url).href)};
      process.on('uncaughtException', (error) => console.log('uncaught', error.message));
      const emitting = await procxy(Emitting);
      emitting.on('a', () => { throw new Error('mine'); });
      emitting.on('a', () => console.log('the next one'));
      console.log(await emitting.fire('a'));
      emitting.removeAllListeners();
    `);
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    expect(stdout.split('\n').toSorted()).toEqual(['', 'the next one', 'true', 'uncaught mine']);
  });

  test('a listener keeps the parent alive until it is removed', async () => {
    const { stdout, code } = await runScript(`
      import { Emitting } from ${JSON.stringify(new URL('../fixtures/emitting.js', import.meta.url).href)};
      const emitting = await procxy(Emitting);
      emitting.once('later', (ms) => console.log('after', ms));
      emitting.on('error', () => {}).removeAllListeners('error');
      await emitting.fireLater(300);
    `);
    expect({ stdout, code }).toEqual({ stdout: 'after 300\n', code: 0 });
  });

  test('listening after the end is harmless', async () => {
    await emitting.$terminate();
    emitting.on('a', () => {});
    expect(emitting.listenerCount('a')).toBe(1);
  });

  test('it has no emit', () => {
    expect(Reflect.get(emitting, 'emit')).toBeUndefined();
  });
});
