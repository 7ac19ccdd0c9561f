import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, test } from 'vitest';
import { procxy, sync } from 'procxy';
import { Unsubscribing, Visiting } from '../fixtures/visiting.js';
import { eventually } from '../support/eventually.js';

const module = '../fixtures/visiting.js';
const requests = new AsyncLocalStorage<string>();
const current = (): string | undefined => requests.getStore();

describe.each([
  ['json', 'ipc'],
  ['advanced', 'ipc'],
  ['json', 'socket'],
  ['advanced', 'socket'],
] as const)('in %s mode on %s', (serialization, channel) => {
  const options = { enableCallbacks: true, serialization, channel } as const;
  const start = () => procxy(Visiting, module, options);

  test('a function runs in the asynchronous context in which it was passed', async () => {
    await using visiting = await requests.run('that of the start', start);
    const asked = (name: string): Promise<unknown> => requests.run(name, () => visiting.callTwice(() => current()));
    expect(await asked('A')).toEqual(['A', 'A']);
    expect(await asked('B')).toEqual(['B', 'B']);
    await requests.run('C', () => visiting.keep(() => current()));
    expect(await requests.run('D', () => visiting.callKept())).toBe('C');
  });

  test('a function runs in the context in which it was last passed', async () => {
    await using visiting = await start();
    const fn = (): string | undefined => current();
    await requests.run('first', () => visiting.keep(fn));
    await requests.run('last', () => visiting.keep(fn));
    expect(await visiting.callKept()).toBe('last');
  });

  test('a function that the child waits for does too, and a call from within it still rejects', async () => {
    await using visiting = await start();
    let within: unknown;
    const fn = sync(() => {
      visiting.callKept().catch((error: unknown) => (within = error));
      return current();
    });
    expect(await requests.run('E', () => visiting.callTwice(fn))).toEqual(['E', 'E']);
    expect(within).toMatchObject({ name: 'SyncCallbackError' });
  });

  test('a listener runs in the context of its on()', async () => {
    await using visiting = await requests.run('that of the start', start);
    const heard: unknown[] = [];
    requests.run('F', () => visiting.on('tick', () => heard.push(current())));
    requests.run('G', () => visiting.once('tick', () => heard.push(current())));
    await requests.run('H', () => visiting.fire('tick'));
    expect(heard).toEqual(['F', 'G']);
  });

  test('a number names an event, as in Node', async () => {
    await using visiting = await start();
    const heard: unknown[] = [];
    const listener = (value: unknown): void => void heard.push(value);
    (visiting as unknown as NodeJS.EventEmitter).on(5 as never, listener);
    await visiting.fire(5);
    (visiting as unknown as NodeJS.EventEmitter).off(5 as never, listener);
    await visiting.fire(5);
    expect(heard).toEqual(['fired']);
  });

  test('forEach() of a Map or a Set reaches a function that does not declare the collection', async () => {
    await using visiting = await start();
    const seen: unknown[] = [];
    await visiting.forEachOfMap((value, key) => void seen.push([key, value]));
    await visiting.forEachOfSet((value) => void seen.push(value));
    await eventually(() => expect(seen).toEqual([['one', 1], ['two', 2], 1, 2]));
  });

  test('on() of an emitter that returns an unsubscribe function returns one, on which more can be added', async () => {
    await using emitter = await procxy(Unsubscribing, module, options);
    const heard: unknown[] = [];
    const api = emitter as unknown as {
      on(event: string, listener: (value: unknown) => void): typeof api & (() => void);
    };
    const unsubscribe = api.on('tick', (value) => heard.push(value));
    unsubscribe.on('tock', (value) => heard.push(`tock ${String(value)}`));
    await emitter.fire('tick');
    await emitter.fire('tock');
    unsubscribe();
    await emitter.fire('tick');
    expect(heard).toEqual(['fired', 'tock fired']);
  });
});
