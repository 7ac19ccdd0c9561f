import { EventEmitter } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import type { Class } from '../src/classes.js';
import { sync } from '../src/codec/sync-mark.js';
import { ChildCrashedError } from '../src/errors.js';
import { startInProcess } from '../src/in-process.js';
import type { StartOptions } from '../src/parent/connection-options.js';
import { Connection } from '../src/parent/connection.js';
import type { Worker } from '../src/parent/worker.js';
import type { SerializationMode } from '../src/types/serializable.js';

class Counter extends EventEmitter {
  static disposals = 0;
  count = 0;

  add(n: number): number {
    this.count += n;
    this.emit('added', n);
    return this.count;
  }

  sort(items: number[], compare: (a: number, b: number) => number): number[] {
    return items.toSorted(compare);
  }

  later(fn: () => unknown): Promise<unknown> {
    return Promise.resolve().then(fn);
  }

  hang(): Promise<void> {
    return new Promise(() => {});
  }

  *range(end: number): Generator<number> {
    for (let n = 0; n < end; n++) yield n;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.resolve();
    Counter.disposals++;
  }
}

const limits = { timeout: 5000 };

/** A connection to an instance in this process. */
async function start(mode: SerializationMode, type: unknown = Counter, terminateTimeout = 1000) {
  const worker = startInProcess(type as Class, mode);
  const callbacks = { limit: 100, timeout: 5000 };
  const references = { limit: 100, isAutomatic: false, timeout: 5000 };
  const options = { serialization: mode, supportHandles: false, callbacks, references, terminateTimeout };
  const connection = new Connection(worker, options, { current: undefined }, []);
  const given: StartOptions = {
    makeRequest: () => ({
      protocol: 1,
      module: { url: 'procxy:in-process' },
      class: { name: 'Counter', source: '' },
      serialization: mode,
      supportHandles: false,
      mirror: { names: 'own', limit: 1000 },
      terminateTimeout,
    }),
    constructorArgs: [],
    startTimeout: 5000,
    site: {},
    signal: undefined,
    busyPoll: 0,
    heartbeat: undefined,
    className: 'Counter',
    type: () => undefined,
    callDefaults: { timeout: 5000, retries: 0, onTimeout: 'keep' },
  };
  open.push(connection);
  await connection.start(given);
  const call = (method: string, ...args: unknown[]): Promise<unknown> => connection.call(method, args, limits);
  return { worker, connection, call };
}

const open: Connection[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((connection) => connection.terminate()));
});

/** How many timers keep this process alive. */
const held = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

describe.each(['json', 'advanced'] as const)('an instance in this process, in the mode %s', (mode) => {
  test('is called, mirrored, listened to and iterated over', async () => {
    const { connection, call } = await start(mode);
    const added: unknown[] = [];
    connection.listeners.emitter.on('added', (n) => added.push(n));
    connection.listeners.update('added');
    expect(await call('add', 2)).toBe(2);
    expect(await call('add', 3)).toBe(5);
    expect(connection.properties.read('count')).toBe(5);
    expect(added).toEqual([2, 3]);
    const items: unknown[] = [];
    for await (const item of call('range', 3) as unknown as AsyncIterable<unknown>) items.push(item);
    expect(items).toEqual([0, 1, 2]);
  });

  test('calls a function of its caller, and one that is marked by sync() at once', async () => {
    const { call } = await start(mode);
    expect(await call('later', () => 'called back')).toBe('called back');
    const descending = sync((a: number, b: number) => b - a);
    expect(await call('sort', [1, 3, 2], descending)).toEqual([3, 2, 1]);
  });

  test('reports its end to every listener', async () => {
    const { worker, connection, call } = await start(mode);
    const told: string[] = [];
    worker.listen({ onEnd: () => told.push('end'), onGarbage: () => {} });
    worker.end('kill');
    expect([told, connection.isOpen]).toEqual([['end'], false]);
    await expect(call('add', 1)).rejects.toThrow(ChildCrashedError);
  });

  test('messages that it sent before it blocks are handled first', async () => {
    const order: unknown[] = [];
    class Telling {
      run(tell: (text: string) => void, ask: () => number): void {
        tell('first');
        tell('second');
        ask();
      }
    }
    const { call } = await start(mode, Telling);
    await call(
      'run',
      (text: string) => order.push(text),
      sync(() => order.push('asked')),
    );
    expect(order).toEqual(['first', 'second', 'asked']);
  });

  test('gets the error itself of a function that is called at once', async () => {
    const { call } = await start(mode);
    const fail = sync((): number => {
      throw new RangeError('no order');
    });
    await expect(call('sort', [1, 2], fail)).rejects.toThrow(RangeError);
  });

  test('cannot wait for a promise that such a function returns, and says so', async () => {
    const { call } = await start(mode);
    const wait = sync(() => Promise.resolve(1));
    await expect(call('sort', [1, 2], wait)).rejects.toThrow(/returned a promise.*inProcess/);
    // It is not left waiting.
    expect(
      await call(
        'sort',
        [2, 1],
        sync((a: number, b: number) => a - b),
      ),
    ).toEqual([1, 2]);
  });

  test('termination runs the hook, rejects open calls, and ends like a process that exits', async () => {
    const { worker, connection, call } = await start(mode);
    const before = Counter.disposals;
    const hanging = expect(call('hang')).rejects.toThrow('was terminated');
    await connection.terminate();
    await hanging;
    await expect(call('add', 1)).rejects.toThrow('was terminated');
    expect(Counter.disposals).toBe(before + 1);
    expect(await worker.exited).toEqual({ code: 0, signal: null });
    expect([worker.hasEnded, worker.isConnected]).toEqual([true, false]);
  });
});

test('a hook that does not finish is left alone after terminateTimeout', async () => {
  class Stuck {
    [Symbol.asyncDispose](): Promise<void> {
      return new Promise(() => {});
    }
  }
  const { worker, connection } = await start('json', Stuck, 20);
  await connection.terminate();
  expect(await worker.exited).toEqual({ code: null, signal: 'SIGKILL' });
});

test('messages from before the end arrive, and calls after the end reject', async () => {
  const { worker, call } = await start('json');
  const done = call('add', 1);
  await new Promise((resolve) => setImmediate(resolve));
  worker.end('kill', 'the test ends it');
  expect(await done).toBe(1);
  await expect(call('add', 1)).rejects.toThrow(/ran in this process, was ended: the test ends it/);
  await expect(call('add', 1)).rejects.toMatchObject({ code: 'PROCXY_CHILD_CRASHED', signal: 'SIGKILL' });
});

test('keeps this process alive while a call waits for it, and not when it is idle or has ended', async () => {
  const worker = startInProcess(Counter as unknown as Class, 'json');
  // Nothing else runs between these lines.
  const idle = held();
  worker.hold();
  expect(held()).toBe(idle + 1);
  worker.end('term');
  await worker.exited;
  const ended = held();
  worker.hold();
  expect(held()).toBe(ended);
});

test('says where it is', async () => {
  const { worker } = await start('json');
  const shown: Partial<Worker> = worker;
  expect(shown).toMatchObject({ pid: process.pid, process: undefined, isHere: true });
});
