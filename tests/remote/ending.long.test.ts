import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ChildCrashedError, procxy } from '../../dist/index.js';
import { connect, serve, type ClassOptions, type Cluster, type Host } from '../../dist/remote.js';
import { Blocking } from '../fixtures/blocking.js';
import { Confined } from '../fixtures/confined.js';
import { Leaving } from '../fixtures/leaving.js';
import { hasNats, startNats, type NatsServer } from '../support/nats.js';

const fixture = (name: string): URL => new URL(`../fixtures/${name}.js`, import.meta.url);
const failure = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

describe.runIf(hasNats)('the end of a process on a host', () => {
  let nats: NatsServer;
  let host: Host;
  let cluster: Cluster;
  let folder: string;
  let log: string;

  const serveWith = async (options: ClassOptions): Promise<void> => {
    const module = fixture('leaving');
    const classes = {
      Leaving: { module, options },
      Confined: { module: fixture('confined'), options },
      Blocking: { module: fixture('blocking') },
    };
    host = await serve({ servers: nats.url, namespace: 'ending', classes, log: () => {} });
  };

  beforeAll(async () => {
    nats = await startNats();
    cluster = await connect({ servers: nats.url, namespace: 'ending' });
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'procxy-ending-'));
    log = join(folder, 'log');
  });
  afterEach(async () => {
    await host.close();
    rmSync(folder, { recursive: true });
  });
  afterAll(async () => {
    await cluster.close();
    await nats.kill();
  });

  test.each([
    ['SIGINT', 'SIGINT'],
    [1, 'SIGHUP'],
  ] as const)('is by the signal that its host names: %s', async (killSignal, heard) => {
    await serveWith({ killSignal });
    const leaving = await procxy(Leaving, { host: cluster }, log, { hears: true });
    await leaving.hear(heard);
    await leaving.$terminate();
    expect(await leaving.$exited).toEqual({ code: 0, signal: null });
    expect(readFileSync(log, 'utf8').split('\n')).toEqual(['disposed', `heard ${heard}`, 'exit 0', '']);
  });

  test('follows the end of its channel, also if it goes on by itself', async () => {
    await serveWith({});
    const leaving = await procxy(Leaving, { host: cluster, terminateTimeout: 200, timeout: Infinity }, log);
    const error = await failure(leaving.closeChannel());
    expect(error).toBeInstanceOf(ChildCrashedError);
    expect(error).toMatchObject({ signal: 'SIGKILL', ran: 'maybe' });
    expect((error as Error).message).toContain('it closed its channel, and had not ended 200 ms later');
    expect(existsSync(log)).toBe(false);
  });

  test('names the limits of its memory', async () => {
    await serveWith({ resourceLimits: { maxOldGenerationSizeMb: 20, maxYoungGenerationSizeMb: 6 } });
    await using confined = await procxy(Confined, { host: cluster });
    const error = await failure(confined.fill());
    const end = process.platform === 'win32' ? { exitCode: 134 } : { signal: 'SIGABRT' };
    expect(error).toMatchObject({ name: 'ChildCrashedError', ...end });
    expect((error as Error).message).toContain("for example out of memory: `resourceLimits`, in the host's options");
  });

  test('is told where it cannot be started', async () => {
    await serveWith({ execPath: '/none/node' });
    const error = await failure(procxy(Leaving, { host: cluster }, log));
    expect(error).toMatchObject({ name: 'ChildCrashedError', exitCode: null, signal: null });
    expect((error as Error).message).toMatch(/has not run: it could not be started: spawn .*ENOENT/);
  });

  test('is not taken for blocked before, however short the interval of its heartbeat is', async () => {
    await serveWith({});
    const told: number[] = [];
    const heartbeat = { interval: 1, limit: 2500, onBlocked: (ms: number): unknown => told.push(ms) };
    await using blocking = await procxy(Blocking, { host: cluster, heartbeat });
    expect(await blocking.wait(4000)).toBe('done');
    expect(told).toEqual([]);
  });

  test('does not count time in which its client was blocked against its calls', async () => {
    await serveWith({});
    await using blocking = await procxy(Blocking, { host: cluster, timeout: 2000 });
    const call = blocking.wait(1);
    const end = performance.now() + 3000;
    while (performance.now() < end);
    expect(await call).toBe('done');
  });
});
