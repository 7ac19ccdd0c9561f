import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ChildCrashedError,
  HostError,
  HostLostError,
  OptionsValidationError,
  procxy,
  sync,
  type ProcxyOptions,
} from '../../dist/index.js';
import { connect, serve, type Cluster, type Host, type ServeOptions } from '../../dist/remote.js';
import { Ledger } from '../fixtures/remote/ledger.js';
import { hasNats, startNats, type NatsServer } from '../support/nats.js';

const module = new URL('../fixtures/remote/ledger.ts', import.meta.url);
const loader = { execArgv: ['--import', import.meta.resolve('tsx')] };
const Served = { module, version: '1.2.0', options: loader };

describe.runIf(hasNats)('an instance on a host', () => {
  let nats: NatsServer;
  let host: Host;
  let cluster: Cluster;
  const log: string[] = [];

  const serveIn = (namespace: string, options?: Partial<ServeOptions>): Promise<Host> =>
    serve({
      servers: nats.url,
      namespace,
      classes: { Ledger: Served },
      log: (line) => void log.push(line),
      ...options,
    });
  const connectIn = (namespace: string, client?: string): Promise<Cluster> =>
    connect({ servers: nats.url, namespace, client });

  beforeAll(async () => {
    nats = await startNats();
    host = await serveIn('main');
    cluster = await connectIn('main');
  });
  afterAll(async () => {
    await cluster.close();
    await host.close();
    await nats.kill();
  });

  test.each(['json', 'advanced'] as const)('is used like one on this machine, in %s mode', async (serialization) => {
    await using ledger = await procxy(Ledger, { host: cluster, enableCallbacks: true, serialization }, undefined, 'hi');
    expect(ledger.greeting).toBe('hi');
    expect(ledger.$process).toBeUndefined();
    expect(ledger.$where).toMatchObject({ host: host.stats().machine, pid: expect.any(Number) as number });
    const heard: number[] = [];
    ledger.on('noted', (entry) => void heard.push(entry));
    expect(await ledger.note(7)).toBe(7);
    expect(ledger.entries).toBe(1);
    const called: number[] = [];
    expect(await ledger.noteEach([1, 2, 3], (entry) => void called.push(entry))).toBe(4);
    expect(called).toEqual([1, 2, 3]);
    expect(heard).toEqual([7, 1, 2, 3]);
    expect(
      await ledger.sorted(
        [2, 3, 1],
        sync((a, b) => b - a),
      ),
    ).toEqual([3, 2, 1]);
    const counted: number[] = [];
    for await (const entry of ledger.upTo(4)) counted.push(entry);
    expect(counted).toEqual([0, 1, 2, 3]);
    await expect(ledger.fail()).rejects.toThrow(new RangeError('the ledger is full'));
    const megabytes = Readable.from(
      Array.from({ length: 64 }, () => Buffer.alloc(65_536)),
      { objectMode: false },
    );
    expect(await ledger.lengthOf(megabytes)).toBe(4 * 1024 * 1024);
    const long = 'x'.repeat(3 * 1024 * 1024);
    expect(await ledger.echo(long)).toBe(long);
  });

  test('ends with $terminate(), and its host has room again', async () => {
    const ledger = await procxy(Ledger, { host: cluster });
    const { pid } = ledger.$where;
    const open = ledger.wait(60_000);
    open.catch(() => {});
    await ledger.$terminate();
    await expect(open).rejects.toMatchObject({ name: 'TerminatedError', ran: 'maybe' });
    await expect.poll(() => host.stats().instances).toBe(0);
    expect(() => process.kill(pid ?? 0, 0)).toThrow('ESRCH');
  });

  test('is killed where it does not end by itself', async () => {
    const ledger = await procxy(Ledger, { host: cluster, terminateTimeout: 300 });
    const { pid } = ledger.$where;
    ledger.block().catch(() => {});
    await ledger.$terminate();
    await expect.poll(() => host.stats().instances).toBe(0);
    expect(() => process.kill(pid ?? 0, 0)).toThrow('ESRCH');
  });

  test('tells how it crashed, and prints in the log of its host', async () => {
    const ledger = await procxy(Ledger, { host: cluster });
    const { pid } = ledger.$where;
    const error: unknown = await ledger.crash().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ChildCrashedError);
    expect(error).toMatchObject({ exitCode: 3, signal: null, stderr: undefined, ran: 'maybe' });
    await expect(ledger.note(1)).rejects.toMatchObject({ name: 'ChildCrashedError', ran: 'no' });
    expect(log).toContain(`[Ledger ${pid}] last line`);
  });

  test('shows its stderr to clients only where the host allows it', async () => {
    await using open = await serveIn('stderr', { exposeStderr: true });
    await using clients = await connectIn('stderr');
    const ledger = await procxy(Ledger, { host: clients });
    await expect(ledger.crash()).rejects.toMatchObject({ stderr: 'last line\n' });
    expect(open.stats().labels).toEqual({});
  });

  test('has only the environment that its host gives it', async () => {
    await using _host = await serveIn('env', {
      classes: { Ledger: { ...Served, options: { ...loader, env: { MODE: 'test' } } } },
    });
    await using clients = await connectIn('env');
    await using ledger = await procxy(Ledger, { host: clients });
    expect(await ledger.environment()).toEqual(['MODE']);
  });

  test('is made by a static method only where its host makes it so', async () => {
    await using _host = await serveIn('create', {
      classes: { Ledger: { ...Served, options: { ...loader, create: 'open' } } },
    });
    await using clients = await connectIn('create');
    await using ledger = await procxy(Ledger, { host: clients, create: 'open' }, 'none');
    expect(ledger.greeting).toBe('opened');
    await expect(procxy(Ledger, { host: clients })).rejects.toThrow(HostError);
    await expect(procxy(Ledger, { host: cluster, create: 'open' }, 'none')).rejects.toThrow('the client asks for open');
  });

  test('is refused where no host serves it, has its version, its labels or room', async () => {
    await using small = await serveIn('small', { limits: { instances: 1 }, labels: { gpu: true } });
    await using clients = await connectIn('small');
    const attempt = (choice: object): Promise<unknown> => procxy(Ledger, { host: { cluster: clients, ...choice } });
    await expect(attempt({ name: 'Other' })).rejects.toThrow('No host serves the class Other.');
    await expect(attempt({ version: '2.0.0' })).rejects.toThrow('it has Ledger 1.2.0, and the client needs 2.0.0');
    await expect(attempt({ version: '1.3.0' })).rejects.toThrow(HostError);
    await expect(attempt({ where: { gpu: false } })).rejects.toThrow('its label gpu is true, not false');
    await using _ledger = await procxy(Ledger, { host: { cluster: clients, version: '1.1.0', where: { gpu: true } } });
    await expect(attempt({})).rejects.toThrow('it is full: 1 instances');
    expect(small.stats()).toMatchObject({ instances: 1, limit: 1 });
    const { rss, cpu, ...stats } = small.stats();
    expect(await clients.stats()).toEqual([{ ...stats, rss: expect.any(Number), cpu: expect.any(Number) }]);
    expect(rss).toBeGreaterThan(1e7);
    expect(cpu).toBeGreaterThan(0);
    expect(stats).toMatchObject({ started: 1, kept: 0 });
  });

  test('is made only if its host authorizes the client', async () => {
    const asked: unknown[] = [];
    const authorize = (client: string, className: string, args: readonly unknown[]): boolean => {
      asked.push([client, className, args]);
      return args[1] === 'please';
    };
    await using _host = await serveIn('authorize', { authorize });
    await using clients = await connectIn('authorize', 'web');
    await using ledger = await procxy(Ledger, { host: clients }, 'none', 'please');
    expect(ledger.greeting).toBe('please');
    await expect(procxy(Ledger, { host: clients }, 'none', 'now')).rejects.toThrow(
      /^The host \w+ refused: `authorize` does not let this client make an instance of Ledger with these arguments\.$/,
    );
    expect(asked).toEqual([
      ['web', 'Ledger', ['none', 'please']],
      ['web', 'Ledger', ['none', 'now']],
    ]);
  });

  test('is spread over hosts by their load', async () => {
    const hosts = [
      await serveIn('spread', { limits: { instances: 4 } }),
      await serveIn('spread', { limits: { instances: 4 } }),
    ];
    await using clients = await connectIn('spread');
    const ledgers = await Promise.all([1, 2, 3, 4].map(() => procxy(Ledger, { host: clients })));
    expect(hosts.map((each) => each.stats().instances)).toEqual([2, 2]);
    await Promise.all(ledgers.map((ledger) => ledger.$terminate()));
    await Promise.all(hosts.map((each) => each.close()));
  });

  test.each([
    ['modulePath', './ledger.js'],
    ['cwd', '/'],
    ['env', {}],
    ['execPath', '/bin/false'],
    ['permissions', {}],
    ['stdio', 'pipe'],
    ['supportHandles', true],
    ['inProcess', true],
  ])('leaves the option %s to its host', async (name, value) => {
    await expect(procxy(Ledger, { host: cluster, [name]: value } as ProcxyOptions)).rejects.toThrow(
      OptionsValidationError,
    );
  });

  test('says so when its host closes', async () => {
    const closing = await serveIn('closing');
    await using clients = await connectIn('closing');
    const ledger = await procxy(Ledger, { host: clients });
    const open = ledger.wait(60_000);
    open.catch(() => {});
    await closing.close();
    await expect(open).rejects.toThrow('its host was closed');
  });

  test('goes on, with each call once and in order, when the server is restarted', async () => {
    const server = await startNats();
    const own = await serve({ servers: server.url, namespace: 'restart', classes: { Ledger: Served } });
    const clients = await connect({ servers: server.url, namespace: 'restart' });
    const folder = mkdtempSync(join(tmpdir(), 'procxy-ledger-'));
    const file = join(folder, 'log');
    const ledger = await procxy(Ledger, { host: clients }, file);
    const results: Promise<number>[] = [];
    for (let round = 0; round < 3; round++) {
      for (let call = 0; call < 500; call++) {
        results.push(ledger.note(results.length));
        if (call % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      }
      await server.restart();
    }
    const expected = Array.from({ length: 1500 }, (_none, index) => index);
    expect(await Promise.all(results)).toEqual(expected);
    expect(readFileSync(file, 'utf8').trim().split('\n').map(Number)).toEqual(expected);
    await clients.close();
    await own.close();
    await server.kill();
    rmSync(folder, { recursive: true });
  });

  describe('whose host is another process', () => {
    const started: ChildProcess[] = [];
    const startHost = async (namespace: string): Promise<ChildProcess> => {
      const options = { servers: nats.url, namespace, lease: { host: 2000, client: 3000 } };
      const child = fork(new URL('../fixtures/remote/host.ts', import.meta.url), [JSON.stringify(options)], loader);
      started.push(child);
      await once(child, 'message');
      return child;
    };
    const connectShort = (namespace: string): Promise<Cluster> =>
      connect({ servers: nats.url, namespace, lease: { host: 2000, client: 3000 } });
    afterAll(() => started.forEach((child) => child.kill('SIGKILL')));

    test('is lost with it, and every call settles', async () => {
      const child = await startHost('killed');
      await using clients = await connectShort('killed');
      const ledger = await procxy(Ledger, { host: clients });
      const open = ledger.wait(600_000);
      open.catch(() => {});
      child.kill('SIGKILL');
      const error: unknown = await open.catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(HostLostError);
      expect(error).toMatchObject({ ran: 'maybe', code: 'PROCXY_HOST_LOST' });
      await expect(ledger.note(1)).rejects.toMatchObject({ ran: 'no' });
    });

    test('is lost with a host that was stopped, whose later answers are refused', async () => {
      const child = await startHost('stopped');
      await using clients = await connectShort('stopped');
      const ledger = await procxy(Ledger, { host: clients });
      const { pid } = ledger.$where;
      child.kill('SIGSTOP');
      const open = ledger.note(1);
      open.catch(() => {});
      await expect(open).rejects.toThrow('was not heard for 2000 ms');
      child.kill('SIGCONT');
      await expect.poll(() => isAlive(pid)).toBe(false);
      expect(await clients.stats()).toHaveLength(1);
    });

    test('ends with its client, and a host that is asked to end does', async () => {
      const child = await startHost('vanished');
      const clients = await connectShort('vanished');
      const ledger = await procxy(Ledger, { host: clients });
      const { pid } = ledger.$where;
      await clients.close();
      await expect.poll(() => isAlive(pid)).toBe(false);
      child.kill('SIGTERM');
      const [code] = (await once(child, 'exit')) as [number];
      expect(code).toBe(0);
    });
  });
});

function isAlive(pid: number | undefined): boolean {
  try {
    return process.kill(pid ?? 0, 0);
  } catch {
    return false;
  }
}
