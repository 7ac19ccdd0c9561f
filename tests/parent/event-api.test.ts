import { EventEmitter } from 'node:events';
import { beforeEach, describe, expect, test } from 'vitest';
import { eventApi } from '../../src/parent/event-api.js';
import { emitterMethods } from '../../src/session/events/emitter-methods.js';
import type { Message } from '../../src/protocol.js';
import { EventSubscriptions } from '../../src/session/events/event-subscriptions.js';
import { Listeners } from '../../src/session/events/listeners.js';
import { codecOf } from '../support/crossing.js';

type Api = Record<string, (...args: unknown[]) => unknown>;

const proxy = {};
let sent: unknown[];
let events: EventSubscriptions;
let api: Api;
beforeEach(() => {
  sent = [];
  events = new EventSubscriptions({
    codec: codecOf('json'),
    send: ({ type, ...rest }: Message) => sent.push([type, 'event' in rest ? rest.event : undefined]),
    onListening: () => {},
  });
  const listeners = new Listeners(() => proxy);
  events.attach(listeners);
  api = eventApi(listeners, () => proxy, ['on', 'addListener']) as Api;
});

/** As a message from the child. */
function emit(event: string, ...args: unknown[]): void {
  events.dispatch({ type: 'event-emit', event, args });
}

test("every method of Node's emitter is there or stays remote by choice", () => {
  const all = Object.getOwnPropertyNames(EventEmitter.prototype).filter(
    (name) => name !== 'constructor' && !name.startsWith('_'),
  );
  expect([...emitterMethods].toSorted()).toEqual(all.toSorted());
  expect(Object.keys(api).toSorted()).toEqual(all.filter((name) => name !== 'emit').toSorted());
});

describe('the child is told', () => {
  test('of the first listener to an event, and of the end of the last one', () => {
    const [first, second] = [() => 1, () => 2];
    api['on']?.('data', first);
    api['prependListener']?.('data', second);
    api['off']?.('data', first);
    expect(sent).toEqual([['event-subscribe', 'data']]);
    api['removeListener']?.('data', second);
    expect(sent).toEqual([
      ['event-subscribe', 'data'],
      ['event-unsubscribe', 'data'],
    ]);
  });

  test('when all listeners go at once, of one event or of each', () => {
    for (const event of ['a', 'b', 'c']) api['on']?.(event, () => 1);
    sent.length = 0;
    api['removeAllListeners']?.('a');
    expect(sent).toEqual([['event-unsubscribe', 'a']]);
    api['removeAllListeners']?.();
    expect(sent.slice(1)).toEqual([
      ['event-unsubscribe', 'b'],
      ['event-unsubscribe', 'c'],
    ]);
  });
});

describe('listeners', () => {
  test('are called in order, with the proxy as `this`', () => {
    const log: unknown[] = [];
    api['on']?.('data', function (this: unknown, n: unknown) {
      log.push([this, n]);
    });
    api['prependListener']?.('data', (n: unknown) => log.push(['first', n]));
    emit('data', 5);
    expect(log).toEqual([
      ['first', 5],
      [proxy, 5],
    ]);
    expect((log[1] as unknown[])[0]).toBe(proxy);
  });

  test.each(['once', 'prependOnceListener'])('added by %s() are called once, and the child is told then', (method) => {
    let calls = 0;
    api[method]?.('ready', () => calls++);
    emit('ready');
    expect(calls).toBe(1);
    expect(sent).toEqual([
      ['event-subscribe', 'ready'],
      ['event-unsubscribe', 'ready'],
    ]);
    expect(api['listenerCount']?.('ready')).toBe(0);
  });

  test('added by once() can be removed by the function itself, and are listed as it', () => {
    const listener = (): number => 1;
    api['once']?.('ready', listener);
    expect(api['listeners']?.('ready')).toEqual([listener]);
    expect(api['rawListeners']?.('ready')).not.toEqual([listener]);
    api['off']?.('ready', listener);
    expect(api['eventNames']?.()).toEqual([]);
  });

  test('that are not functions are refused as Node refuses them', () => {
    for (const method of ['on', 'once', 'prependListener']) {
      expect(() => api[method]?.('data', 'text')).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }));
    }
    expect(sent).toEqual([]);
  });
});

test('methods that change listeners return the proxy, so that calls can be chained', () => {
  const calls: [string, unknown[]][] = [
    ['on', ['a', () => 1]],
    ['once', ['a', () => 1]],
    ['off', ['a', () => 1]],
    ['removeAllListeners', []],
    ['setMaxListeners', [50]],
  ];
  for (const [name, args] of calls) expect(api[name]?.(...args)).toBe(proxy);
  expect(api['getMaxListeners']?.()).toBe(50);
});
