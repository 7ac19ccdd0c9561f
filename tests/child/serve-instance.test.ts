import { EventEmitter } from 'node:events';
import { describe, expect, test } from 'vitest';
import { memoryChannelPair } from '../../src/channel/memory.js';
import type { Place } from '../../src/child/place.js';
import type { Class } from '../../src/classes.js';
import { serveInstance } from '../../src/child/serve-instance.js';
import type { ProtocolError } from '../../src/errors.js';
import type { InstanceDescription, LoadRequest, Message, PropertyUpdate } from '../../src/protocol.js';
import { openSession } from '../../src/session/open-session.js';
import type { SerializationMode } from '../../src/types/serializable.js';

class Counter extends EventEmitter {
  count = 0;
  disposals = 0;

  constructor(start = 0) {
    super();
    this.count = start;
  }

  add(n: number): number {
    this.count += n;
    this.emit('added', n);
    return this.count;
  }

  each(items: number[], fn: (item: number) => unknown): Promise<unknown[]> {
    return Promise.all(items.map(async (item) => fn(item)));
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.disposals++;
    return Promise.resolve();
  }
}

const forever = { timeout: Infinity };

/** A served instance and the other side of its session, both here. */
function serve(mode: SerializationMode, type: unknown = Counter, changes: Partial<LoadRequest> = {}) {
  const [near, far] = memoryChannelPair(mode);
  const events: Message[] = [];
  const mirrored: Record<string, unknown> = {};
  const violations: ProtocolError[] = [];
  const onViolation = (error: ProtocolError): void => void violations.push(error);
  const place: Place = {
    ownFile: undefined,
    load: () => Promise.resolve({ Class: type as Class, namespace: {} }),
    bytes: () => undefined,
    blocking: () => undefined,
  };
  const served = serveInstance(far, place, onViolation);
  const opened = openSession({
    channel: near,
    isParent: true,
    self: { current: undefined },
    ownFile: undefined,
    onViolation,
    handlers: {
      'property-update': ({ set = [] }: PropertyUpdate) => void Object.assign(mirrored, Object.fromEntries(set)),
      'event-emit': (event) => void events.push(event),
      'event-unsubscribed': (event) => void events.push(event),
      heartbeat: (beat) => void events.push(beat),
    },
  });
  const callbacks = { limit: 100, timeout: 5000 };
  opened.carry({ mode, handles: false, callbacks: { ...callbacks, onUnhandled: () => {} } });
  const ask = (method: string, ...args: unknown[]): Promise<unknown> =>
    opened.session.call('agent', method, args, forever);
  const call = (method: string, ...args: unknown[]): Promise<unknown> =>
    opened.session.call('instance', method, args, forever);
  const request: LoadRequest = {
    protocol: 1,
    module: { url: 'file:///nowhere.js' },
    class: { name: 'Counter', source: '' },
    serialization: mode,
    supportHandles: false,
    callbacks,
    mirror: { names: 'own', limit: 1000 },
    terminateTimeout: 1234,
    ...changes,
  };
  const start = async (...args: unknown[]): Promise<InstanceDescription> => {
    await ask('import', request);
    return (await ask('constructor', ...args)) as InstanceDescription;
  };
  return { served, session: opened.session, ask, call, start, events, mirrored, violations };
}

describe.each(['json', 'advanced'] as const)('serveInstance() in the mode %s', (mode) => {
  test('makes the instance, describes it, and runs its methods', async () => {
    const { start, call, mirrored, served, violations } = serve(mode);
    const description = await start(5);
    expect(description).toMatchObject({ disposable: true, emitter: true });
    expect(description.methods).toEqual(expect.arrayContaining(['add', 'each']));
    expect(await call('add', 2)).toBe(7);
    expect(mirrored['count']).toBe(7);
    expect(served.terminateTimeout).toBe(1234);
    expect(violations).toEqual([]);
  });

  test('two instances in one process do not affect each other', async () => {
    const [one, other] = [serve(mode), serve(mode)];
    await Promise.all([one.start(0), other.start(100)]);
    one.session.sendControl({ type: 'event-subscribe', event: 'added' });
    const results = await Promise.all([
      one.call('add', 1),
      other.call('add', 1),
      one.call('each', [1, 2], (n: number) => n * 10),
      other.call('each', [1, 2], (n: number) => n * 100),
    ]);
    expect(results).toEqual([1, 101, [10, 20], [100, 200]]);
    expect([one.mirrored['count'], other.mirrored['count']]).toEqual([1, 101]);
    expect([one.events.length, other.events.length]).toEqual([1, 0]);
    one.served.close();
    expect(await other.call('add', 1)).toBe(102);
    expect([...one.violations, ...other.violations]).toEqual([]);
  });

  test('after its end it forwards no events, sends no heartbeats, and rejects calls that its instance awaits', async () => {
    class Waiting extends Counter {
      static made: Waiting[] = [];
      failures: unknown[] = [];
      constructor() {
        super();
        Waiting.made.push(this);
      }
      wait(fn: () => Promise<unknown>): void {
        fn().catch((error: unknown) => this.failures.push(error));
      }
    }
    const { start, call, session, served, events } = serve(mode, Waiting, { heartbeat: 1 });
    await start();
    session.sendControl({ type: 'event-subscribe', event: 'added' });
    await call('wait', () => new Promise(() => {}));
    await expect.poll(() => events.some(({ type }) => type === 'heartbeat')).toBe(true);
    const [instance] = Waiting.made;
    expect(instance?.listenerCount('added')).toBe(1);
    served.close();
    await expect.poll(() => instance?.failures).toMatchObject([{ code: 'PROCXY_TERMINATED' }]);
    expect(instance?.listenerCount('added')).toBe(0);
    // The last beat may still be on its way.
    await new Promise((resolve) => setTimeout(resolve, 20));
    const { length } = events;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(events).toHaveLength(length);
  });
});

test('the dispose hook runs once, even if both sides ask for it', async () => {
  const { start, ask, served, mirrored, call } = serve('json');
  await start();
  await Promise.all([ask('dispose'), served.dispose(), ask('dispose')]);
  await call('add', 0);
  expect(mirrored['disposals']).toBe(1);
});

test.each(['$sendDescriptor', '$sendHandle'])('%s is refused unless handles were requested', async (method) => {
  const taken: unknown[] = [];
  class Taking {
    receiveHandle(handle: unknown): void {
      taken.push(handle);
    }
  }
  const { start, ask } = serve('json', Taking);
  await start();
  const refused = { name: 'ProtocolError', message: expect.stringContaining('supportHandles: true') as string };
  await expect(ask(method, { path: '/dev/null', flags: 0 })).rejects.toMatchObject(refused);
  expect(taken).toEqual([]);
});

test('a call before there is an instance is refused, and so is a request of another protocol version', async () => {
  const early = serve('json');
  await expect(early.call('add', 1)).rejects.toThrow('before it was constructed');
  await expect(early.ask('constructor')).rejects.toThrow('before its module');
  const other = serve('json', Counter, { protocol: 2 as 1 });
  await expect(other.start()).rejects.toThrow('two versions of procxy are mixed');
});
