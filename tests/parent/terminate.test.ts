import { once } from 'node:events';
import { beforeEach, describe, expect, test } from 'vitest';
import { awaitEnd, terminate } from '../../src/parent/terminate.js';
import type { Worker } from '../../src/parent/worker.js';
import { until } from '../support/processes.js';

/** A worker as far as its end is concerned. It ends when `end` says so, or `vanish()` is called. */
class Ending {
  readonly log: string[] = [];
  isConnected = true;
  hasEnded = false;
  #resolve!: () => void;
  readonly exited = new Promise<void>((resolve) => (this.#resolve = resolve));
  readonly #endsBy: readonly string[];

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
const asWorker = (ending: Ending): Worker => ending as unknown as Worker;
let disposed: () => void;
let failed: (reason: unknown) => void;
let dispose: () => Promise<unknown>;
beforeEach(() => {
  dispose = () => new Promise<void>((resolve, reject) => ([disposed, failed] = [resolve, reject]));
});

describe('terminate()', () => {
  test('ends a worker without a hook at once, and keeps this process alive until it is gone', async () => {
    const worker = new Ending('term');
    await terminate({ worker: asWorker(worker), timeout: LONG, dispose: undefined });
    expect(worker.log).toEqual(['hold', 'term', 'release']);
  });

  test('waits for the hook first', async () => {
    const worker = new Ending('term');
    const ended = terminate({ worker: asWorker(worker), timeout: LONG, dispose });
    await new Promise(setImmediate);
    expect(worker.log).toEqual(['hold']);
    disposed();
    await ended;
    expect(worker.log).toEqual(['hold', 'term', 'release']);
  });

  test('runs no hook in a worker that cannot answer any more', async () => {
    const worker = new Ending('term');
    worker.isConnected = false;
    await terminate({ worker: asWorker(worker), timeout: LONG, dispose: () => expect.unreachable() });
    expect(worker.log).toContain('term');
  });

  test('kills a worker whose hook does not end, at the deadline', async () => {
    const worker = new Ending('kill');
    await terminate({ worker: asWorker(worker), timeout: 20, dispose });
    expect(worker.log.slice(0, 2)).toEqual(['hold', 'kill']);
  });

  test('kills a worker that does not end as it is asked to', async () => {
    const worker = new Ending('kill');
    await terminate({ worker: asWorker(worker), timeout: 20, dispose: undefined });
    expect(worker.log).toEqual(['hold', 'term', 'kill', 'release']);
  });

  test('goes on where the hook fails, which is a warning', async () => {
    const worker = new Ending('term');
    const warned = once(process, 'warning') as Promise<[Error & { code?: string }]>;
    const ended = terminate({ worker: asWorker(worker), timeout: LONG, dispose });
    failed(new RangeError('not closed'));
    await ended;
    const [warning] = await warned;
    expect(warning.code).toBe('PROCXY_DISPOSE_FAILED');
    expect(warning.message).toMatch(/RangeError: not closed/);
  });

  test('is quiet where the end of the worker cut the hook off', async () => {
    const worker = new Ending();
    const warnings: unknown[] = [];
    const note = (warning: unknown): unknown => warnings.push(warning);
    process.on('warning', note);
    const ended = terminate({ worker: asWorker(worker), timeout: LONG, dispose });
    worker.vanish();
    failed(new Error('cut off'));
    await ended;
    await new Promise(setImmediate);
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
