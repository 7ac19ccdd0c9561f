import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { HeartbeatWatch, type Watched } from '../../src/parent/heartbeat-watch.js';
import type { Worker } from '../../src/parent/worker.js';
import type { ResolvedHeartbeat } from '../../src/options/containment.js';
import { until } from '../support/processes.js';

/** A worker as far as a watch sees one. It gives a sign of life whenever `messages` grows. */
class Child implements Watched {
  messages = 0;
  waits = false;
  readonly ends: unknown[] = [];
  readonly worker = { pid: 4711, end: (...how: unknown[]) => this.ends.push(how) } as unknown as Worker;
  received = (): number => this.messages;
  isWaiting = (): boolean => this.waits;
}

let watch: HeartbeatWatch | undefined;
afterEach(() => watch?.close());

function start(child: Child, onBlocked: ResolvedHeartbeat['onBlocked']): HeartbeatWatch {
  return (watch = new HeartbeatWatch({ interval: 5, limit: 40, onBlocked }, child));
}

describe('a child that gives no sign of life', () => {
  test('is reported once with the time, and again only after a sign of life', async () => {
    const child = new Child();
    const told: number[] = [];
    const { blockedFor } = start(child, (ms) => told.push(ms));
    expect(blockedFor).toBeLessThan(40);
    await until(() => told.length === 1, 'it is reported');
    expect(told[0]).toBeGreaterThanOrEqual(40);
    await until(() => (watch?.blockedFor ?? 0) > 100, 'it goes on');
    expect(told).toHaveLength(1);
    child.messages++;
    await until(() => told.length === 2, 'it is reported again');
  });

  test('is killed with the reason, if that is requested', async () => {
    const child = new Child();
    start(child, 'terminate');
    await until(() => child.ends.length > 0, 'it is killed');
    expect(child.ends).toEqual([['kill', expect.stringMatching(/has not turned for \d+ ms/)]]);
  });

  test('causes a warning of the process by default', async () => {
    const warned = once(process, 'warning') as Promise<[Error & { code?: string }]>;
    start(new Child(), 'warn');
    const [warning] = await warned;
    expect(warning.code).toBe('PROCXY_BLOCKED');
    expect(warning.message).toContain('4711');
  });
});

describe('a child is not blocked', () => {
  test('whose messages arrive', async () => {
    const child = new Child();
    const told: number[] = [];
    start(child, (ms) => told.push(ms));
    const beating = setInterval(() => child.messages++, 3);
    await sleep(150);
    clearInterval(beating);
    expect(told).toEqual([]);
  });

  test('that waits for this process', async () => {
    const child = new Child();
    child.waits = true;
    const told: number[] = [];
    start(child, (ms) => told.push(ms));
    await sleep(150);
    expect(told).toEqual([]);
    expect(watch?.blockedFor).toBe(0);
  });

  test('for the time in which this process was blocked itself', async () => {
    const told: number[] = [];
    const child = new Child();
    start(child, (ms) => told.push(ms));
    for (const end = performance.now() + 200; performance.now() < end;);
    child.messages++;
    await sleep(1);
    expect(told).toEqual([]);
  });
});

test('after close() nothing is reported', async () => {
  const told: number[] = [];
  start(new Child(), (ms) => told.push(ms)).close();
  await sleep(100);
  expect(told).toEqual([]);
});
