import { beforeEach, describe, expect, test } from 'vitest';
import { memoryChannelPair, type MemoryChannel } from '../../src/channel/memory.js';
import { ChildCrashedError, ProtocolError, TerminatedError } from '../../src/errors.js';
import type { StartOptions } from '../../src/parent/connection-options.js';
import { Connection } from '../../src/parent/connection.js';
import type { EndKind, Worker, WorkerListener } from '../../src/parent/worker.js';
import type { CallInvoke, Message } from '../../src/protocol.js';
import type { ExitStatus } from '../../src/types/stats.js';

/** A worker whose other side is the test. */
class ScriptedWorker implements Worker {
  readonly pid = 4711;
  readonly process = undefined;
  readonly isHere = false;
  readonly leaves = false;
  readonly name = 'scripted';
  readonly bytes = undefined;
  readonly blocking = undefined;
  readonly descriptors = {};
  readonly channel: MemoryChannel;
  readonly far: MemoryChannel;
  readonly disconnected: Promise<void>;
  readonly exited: Promise<ExitStatus>;
  isConnected = true;
  hasEnded = false;
  lastWords: { error: unknown } | undefined;
  listener: WorkerListener | undefined;
  holds = 0;
  /** What it was asked to do, in order. */
  readonly log: unknown[] = [];
  #disconnect!: () => void;
  #exit!: (status: ExitStatus) => void;

  constructor() {
    [this.channel, this.far] = memoryChannelPair();
    this.disconnected = new Promise((resolve) => (this.#disconnect = resolve));
    this.exited = new Promise((resolve) => (this.#exit = resolve));
    this.far.onMessage((message) => this.#answer(message as Message));
  }

  listen(listener: WorkerListener): void {
    this.listener = listener;
  }

  hold(): void {
    this.holds++;
  }

  release(): void {
    this.holds--;
  }

  end(how: EndKind, reason?: string): void {
    this.log.push(reason === undefined ? how : [how, reason]);
  }

  crashError(method: string): ChildCrashedError {
    return new ChildCrashedError(`${method}(): scripted end`, { exitCode: 1, signal: null });
  }

  disconnect(): void {
    this.isConnected = false;
    this.#disconnect();
  }

  exit(): void {
    this.hasEnded = true;
    this.listener?.onEnd();
    this.disconnect();
    this.#exit({ code: 1, signal: null });
  }

  #answer(message: Message): void {
    if (message.type !== 'call-invoke') return;
    this.log.push(message.method);
    const value = this.#value(message);
    if (value === 'none') return;
    this.far.send({ type: 'call-result', callId: message.callId, result: 'success', value });
  }

  #value({ method, args }: CallInvoke): unknown {
    if (method === 'import') return {};
    if (method === 'constructor') return { methods: ['echo'], unmirrored: [], disposable: true, emitter: false };
    return method === 'echo' ? args : 'none';
  }
}

let worker: ScriptedWorker;
let connection: Connection;

const limits = { timeout: 5000 };
const call = (method: string, ...args: unknown[]): Promise<unknown> => connection.call(method, args, limits);

const start: StartOptions = {
  makeRequest: () => ({
    protocol: 1,
    module: { url: 'file:///nowhere.js' },
    class: { name: 'Echo', source: '' },
    serialization: 'json',
    supportHandles: false,
    mirror: { names: 'own', limit: 1000 },
    terminateTimeout: 50,
  }),
  constructorArgs: [],
  startTimeout: 5000,
  site: {},
  signal: undefined,
  busyPoll: 0,
  heartbeat: undefined,
  className: 'Echo',
  type: () => undefined,
  callDefaults: { timeout: 5000, retries: 0, onTimeout: 'keep' },
};

beforeEach(async () => {
  worker = new ScriptedWorker();
  const options = {
    serialization: 'json',
    supportHandles: false,
    callbacks: undefined,
    references: { limit: 10, isAutomatic: false, timeout: 5000 },
    terminateTimeout: 50,
  } as const;
  connection = new Connection(worker, options, { current: undefined }, []);
  await connection.start(start);
  worker.log.length = 0;
});

describe('a connection', () => {
  test('holds its worker while a call is open, and releases it afterwards', async () => {
    expect(worker.holds).toBe(0);
    const echo = call('echo', 1);
    expect(worker.holds).toBe(1);
    expect(await echo).toEqual([1]);
    expect(worker.holds).toBe(0);
  });

  test('rejects open calls and later ones when the other side breaks the protocol', async () => {
    const open = expect(call('hang')).rejects.toThrow(ProtocolError);
    worker.far.send({ type: 'call-result', callId: 999, result: 'success' });
    await open;
    const killed = ['kill', expect.any(String)];
    expect(worker.log).toEqual(['hang', killed]);
    await expect(call('echo')).rejects.toThrow(ProtocolError);
    expect(worker.log).toEqual(['hang', killed]);
  });

  test('treats bytes that are not a message as a breach of the protocol', async () => {
    const open = expect(call('hang')).rejects.toThrow('junk');
    worker.listener?.onGarbage(new ProtocolError('junk'));
    await open;
    expect(worker.log).toContainEqual(['kill', 'junk']);
  });

  test('treats a heartbeat that was not requested as a breach of the protocol', async () => {
    worker.far.send({ type: 'heartbeat' });
    await expect.poll(() => worker.log).toEqual([['kill', expect.any(String)]]);
    await expect(call('echo')).rejects.toThrow('was not requested');
  });

  test('refuses new calls as soon as the worker has ended, and still accepts answers in transit', async () => {
    const open = call('echo', 'under way');
    await expect.poll(() => worker.log).toEqual(['echo']);
    worker.hasEnded = true;
    worker.listener?.onEnd();
    await expect(call('echo')).rejects.toThrow(ChildCrashedError);
    expect(await open).toEqual(['under way']);
  });

  test('rejects calls that are still open when everything has arrived', async () => {
    const open = expect(call('hang')).rejects.toThrow('hang(): scripted end');
    worker.exit();
    await open;
    expect(worker.holds).toBe(0);
  });

  test('ends a worker that can no longer answer, if it does not end by itself', async () => {
    worker.disconnect();
    await expect.poll(() => worker.log).toEqual([['kill', expect.stringMatching(/^it closed its channel/)]]);
    worker.exit();
  });

  test('terminates by the dispose hook, and by force when that takes too long', async () => {
    const ended = connection.terminate();
    await expect(call('echo')).rejects.toThrow(TerminatedError);
    // The hook is not answered, so that its time runs out.
    await expect.poll(() => worker.log).toEqual(['dispose', 'drop']);
    expect(worker.holds).toBeGreaterThan(0);
    worker.exit();
    await ended;
    expect(worker.holds).toBe(0);
    await connection.terminate();
  });
});

test('a start that fails has ended the worker when it rejects', async () => {
  const other = new ScriptedWorker();
  const references = { limit: 10, isAutomatic: false, timeout: 5000 };
  const options = { serialization: 'json', supportHandles: false, callbacks: undefined, references } as const;
  const failing = new Connection(other, { ...options, terminateTimeout: 50 }, { current: undefined }, []);
  const makeRequest = (): never => {
    throw new Error('no module');
  };
  const started = expect(failing.start({ ...start, makeRequest })).rejects.toThrow('no module');
  await expect.poll(() => other.log).toEqual(['drop']);
  expect(other.holds).toBe(1);
  other.exit();
  await started;
});
