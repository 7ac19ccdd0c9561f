import { once } from 'node:events';
import { beforeEach, describe, expect, test } from 'vitest';
import { awaitEnd, terminate, type Termination } from '../../src/parent/terminate.js';
import { until } from '../support/processes.js';

/** A worker as far as its end is concerned: it ends by what it is told of that, or when `vanish()` is called. */
class Ending {
  readonly log: string[] = [];
  isConnected = true;
  hasEnded = false;
  /** Whether it ends itself when its agent is asked to. */
  leaves = false;
  readonly #endsBy: readonly string[];
  #resolve!: () => void;
  readonly exited = new Promise<void>((resolve) => (this.#resolve = resolve));

  constructor(...endsBy: string[]) {
    this.#endsBy = endsBy;
  }

  hold(): void {
    this.log.push('hold');
  }

  release(): void {
    this.log.push('release');
  }

  end(how: string): void {
    this.log.push(how);
    if (this.#endsBy.includes(how)) this.vanish();
  }

  vanish(): void {
    this.hasEnded = true;
    this.#resolve();
  }
}

const LONG = 60_000;
const asWorker = (ending: Ending): Termination['worker'] => ending as unknown as Termination['worker'];
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What the agent was asked for, and how that is answered. */
let asked: Map<string, { resolve: () => void; reject: (reason: unknown) => void }>;
beforeEach(() => (asked = new Map()));

function start(worker: Ending, { timeout = LONG, hasHook = false } = {}): Promise<void> {
  const ask = (method: string): Promise<unknown> =>
    new Promise<void>((resolve, reject) => asked.set(method, { resolve, reject }));
  return terminate({ worker: asWorker(worker), timeout, hasHook, ask });
}

describe('a worker that is ended from outside', () => {
  test('ends at once if it has no hook, and keeps this process alive until it is gone', async () => {
    const worker = new Ending('term');
    await start(worker);
    expect(worker.log).toEqual(['hold', 'term', 'release']);
    expect([...asked.keys()]).toEqual([]);
  });

  test('ends after its hook', async () => {
    const worker = new Ending('term');
    const ended = start(worker, { hasHook: true });
    await turn();
    expect(worker.log).toEqual(['hold']);
    asked.get('dispose')?.resolve();
    await ended;
    expect(worker.log).toEqual(['hold', 'term', 'release']);
  });

  test('is asked for nothing if it can no longer answer', async () => {
    const worker = Object.assign(new Ending('term'), { isConnected: false });
    await start(worker, { hasHook: true });
    expect([...asked.keys()]).toEqual([]);
    expect(worker.log).toContain('term');
  });

  test.each([
    ['whose hook does not end', true, ['hold', 'drop', 'term', 'release']],
    ['that does not end as it is told to', false, ['hold', 'term', 'drop', 'release']],
  ])('is killed at the deadline: one %s', async (_name, hasHook, log) => {
    const worker = new Ending('drop');
    await start(worker, { timeout: 20, hasHook });
    expect(worker.log.toSorted()).toEqual(log.toSorted());
    expect(worker.log.indexOf('drop')).toBe(log.indexOf('drop'));
  });
});

describe('a worker that leaves by itself', () => {
  const leaving = (...endsBy: string[]): Ending => Object.assign(new Ending(...endsBy), { leaves: true });

  test('is asked to end, and not ended from outside', async () => {
    const worker = leaving();
    const ended = start(worker, { hasHook: true });
    await turn();
    expect([...asked.keys()]).toEqual(['end', 'dispose']);
    for (const { resolve } of asked.values()) resolve();
    worker.vanish();
    await ended;
    expect(worker.log).toEqual(['hold', 'release']);
  });

  test('is killed early if it does not confirm the request, and has no hook', async () => {
    const worker = leaving('drop');
    await start(worker);
    expect(worker.log).toEqual(['hold', 'drop', 'release']);
  });
});

describe('a hook that fails', () => {
  test('causes a warning, and the end continues', async () => {
    const worker = new Ending('term');
    const warned = once(process, 'warning') as Promise<[Error & { code?: string }]>;
    const ended = start(worker, { hasHook: true });
    await turn();
    asked.get('dispose')?.reject(new RangeError('not closed'));
    await ended;
    const [warning] = await warned;
    expect(warning.code).toBe('PROCXY_DISPOSE_FAILED');
    expect(warning.message).toMatch(/RangeError: not closed/);
  });

  test('causes no warning if the end of the worker interrupted it', async () => {
    const worker = new Ending();
    const warnings: unknown[] = [];
    const note = (warning: unknown): unknown => warnings.push(warning);
    process.on('warning', note);
    const ended = start(worker, { hasHook: true });
    await turn();
    worker.vanish();
    asked.get('dispose')?.reject(new Error('cut off'));
    await ended;
    await turn();
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });
});

describe('awaitEnd()', () => {
  test('asks for nothing, and kills a worker that lives on', async () => {
    const willing = new Ending();
    const ended = awaitEnd(asWorker(willing), LONG);
    await until(() => willing.log.length > 0, 'it waits');
    willing.vanish();
    await ended;
    expect(willing.log).toEqual(['hold', 'release']);
    const stubborn = new Ending('kill');
    await awaitEnd(asWorker(stubborn), 20);
    expect(stubborn.log).toEqual(['hold', 'kill', 'release']);
  });
});
