import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectNats } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { procxy, procxyPool } from '../../dist/index.js';
import { connect, serve, type Host, type ServeOptions } from '../../dist/remote.js';
import { Ledger } from '../fixtures/remote/ledger.js';
import { firstFrame } from '../support/first-frame.js';
import { hasNats, startNats, type NatsServer } from '../support/nats.js';

const module = new URL('../fixtures/remote/ledger.ts', import.meta.url);
const options = { execArgv: ['--import', import.meta.resolve('tsx')] };
const restart = { onRestart: () => {}, minDelay: 10 };

describe.runIf(hasNats)('a host that drains', () => {
  let nats: NatsServer;
  beforeAll(async () => {
    nats = await startNats();
  });
  afterAll(() => nats.kill());

  const start = (namespace: string, limits?: ServeOptions['limits']): Promise<Host> =>
    serve({ servers: nats.url, namespace, limits, classes: { Ledger: { module, options } }, log: () => {} });

  test('is left by an instance that is called all the time, and no call is rejected', async () => {
    const old = await start('busy');
    await using cluster = await connect({ servers: nats.url, namespace: 'busy' });
    const moved: unknown[] = [];
    const onRestart = (_proxy: object, reason: Error): void => void moved.push(reason.message);
    await using ledger = await procxy(Ledger, { host: cluster, restart: { onRestart } });
    const results: Promise<number>[] = [];
    const over = new AbortController();
    const load = (async () => {
      while (!over.signal.aborted) {
        // At least one call is open at any time.
        results.push(ledger.note(results.length));
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    })();
    const next = await start('busy');
    // Ends when it has no instances any more.
    await old.drain();
    over.abort();
    await load;
    expect(await Promise.all(results)).toEqual(results.map((_result, index) => index));
    expect(moved).toEqual([expect.stringContaining('has left it, since it will end')]);
    expect(ledger.$restarts).toBe(1);
    expect(next.stats().instances).toBe(1);
    await ledger.$terminate();
    await next.close();
  });

  test('is left by an instance only when another host has room, and nothing is open', async () => {
    const old = await start('room');
    await using cluster = await connect({ servers: nats.url, namespace: 'room' });
    await using ledger = await procxy(Ledger, { host: cluster, restart, enableCallbacks: true });
    const draining = old.drain();
    let release!: () => void;
    const held = new Promise<void>((resolve) => (release = resolve));
    // A call that waits for another call of the same instance.
    const nested = ledger.noteEach([1], async () => {
      expect(await ledger.note(2)).toBe(2);
      await held;
    });
    expect(await ledger.note(3)).toBe(3);
    const next = await start('room');
    for (let call = 0; call < 3; call++) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(await ledger.note(call)).toBe(call);
    }
    expect([old.stats().instances, next.stats().instances]).toEqual([1, 0]);
    release();
    expect(await nested).toBeGreaterThan(2);
    await draining;
    expect(await ledger.note(4)).toBe(4);
    expect(next.stats().instances).toBe(1);
    await ledger.$terminate();
    await next.close();
  });

  test('is left by a pool as soon as another host has room, and its calls do not wait for each other', async () => {
    const [old, full] = [await start('full', { instances: 2 }), await start('full', { instances: 2 })];
    await using cluster = await connect({ servers: nats.url, namespace: 'full' });
    await using pool = await procxyPool(Ledger, { host: cluster, size: 4, restart });
    const long = Array.from({ length: 4 }, () => pool.wait(4000));
    const draining = old.drain();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const calls = Array.from({ length: 50 }, (_none, index) => pool.note(index));
    expect([old.stats().instances, full.stats().instances]).toEqual([2, 2]);
    const next = await start('full', { instances: 2 });
    await expect.poll(() => next.stats().instances, { timeout: 3000 }).toBe(2);
    expect(old.stats().instances).toBe(2);
    expect(await Promise.all(calls)).toEqual(calls.map((_call, index) => index));
    expect(await Promise.all(long)).toEqual(Array(4).fill('waited'));
    await draining;
    await pool.$terminate();
    await Promise.all([full, next].map((host) => host.close()));
  });

  test('is left by a pool also while an instance that was recycled runs a long call', async () => {
    const old = await start('recycled');
    await using cluster = await connect({ servers: nats.url, namespace: 'recycled' });
    await using pool = await procxyPool(Ledger, { host: cluster, size: 3, restart });
    let isOver = false;
    const long = pool.wait(12_000).finally(() => (isOver = true));
    const recycled = pool.$recycle();
    // The one with the long call waits for it, beside its successor.
    await expect.poll(() => pool.$stats().then(({ instances }) => instances.length), { timeout: 5000 }).toBe(4);
    const next = await start('recycled');
    const draining = old.drain();
    await expect.poll(() => next.stats().instances, { timeout: 8000 }).toBe(3);
    expect(isOver).toBe(false);
    expect(await Promise.all([1, 2, 3].map((entry) => pool.note(entry)))).toEqual([1, 2, 3]);
    expect(await long).toBe('waited');
    await Promise.all([recycled, draining]);
    expect(next.stats().instances).toBe(3);
    await pool.$terminate();
    await next.close();
  });

  test('is left also by an instance that was about to start when it was told', async () => {
    const old = await start('starting');
    await using cluster = await connect({ servers: nats.url, namespace: 'starting' });
    const starting = procxy(Ledger, { host: cluster, restart });
    await expect.poll(() => old.stats().instances).toBe(1);
    const draining = old.drain();
    const next = await start('starting');
    await using ledger = await starting;
    await draining;
    expect(await ledger.note(1)).toBe(1);
    await ledger.$terminate();
    await next.close();
  });

  test('keeps the instances for which another host has no room, and they go on', async () => {
    const old = await start('scarce');
    await using cluster = await connect({ servers: nats.url, namespace: 'scarce' });
    const ledgers = await Promise.all(Array.from({ length: 4 }, () => procxy(Ledger, { host: cluster, restart })));
    const numbers = ledgers.map((_ledger, index) => index);
    const noteAll = (): Promise<number[]> => Promise.all(ledgers.map((ledger, index) => ledger.note(index)));
    const scarce = await start('scarce', { instances: 1 });
    // All of them see the one place at the same time.
    const draining = old.drain();
    for (let second = 0; second < 4; second++) {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      expect(await noteAll()).toEqual(numbers);
    }
    expect([old.stats().instances, scarce.stats().instances]).toEqual([3, 1]);
    const next = await start('scarce');
    await draining;
    expect(await noteAll()).toEqual(numbers);
    expect(next.stats().instances).toBe(3);
    expect(ledgers.map((ledger) => ledger.$restarts)).toEqual([1, 1, 1, 1]);
    await Promise.all(ledgers.map((ledger) => ledger.$terminate()));
    await Promise.all([scarce, next].map((host) => host.close()));
  });

  test.each([{ queueTimeout: 300 }, { maxQueue: 2 }, { maxQueue: 0 }])(
    'rejects no call that waits for a move: %o',
    async (limits) => {
      const namespace = `hold-${Object.entries(limits).join('-').replace(',', '-')}`;
      const old = await start(namespace);
      await using cluster = await connect({ servers: nats.url, namespace });
      await using ledger = await procxy(Ledger, { host: cluster, restart: { ...restart, ...limits } });
      const next = await start(namespace);
      const long = ledger.wait(2500);
      const draining = old.drain();
      const results: Promise<number>[] = [];
      for (let call = 0; call < 30; call++) {
        results.push(ledger.note(call));
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      expect(await Promise.all(results)).toEqual(results.map((_result, index) => index));
      expect(await long).toBe('waited');
      await draining;
      expect(await ledger.note(1)).toBe(1);
      expect(next.stats().instances).toBe(1);
      await ledger.$terminate();
      await next.close();
    },
  );

  test('is left as soon as NATS lets the client ask for room again', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'procxy-drain-'));
    const config = join(folder, 'nats.conf');
    const allow = (denied: string): void => {
      const client = `{ user: c, password: c, permissions: { publish: { deny: "${denied}" }, subscribe: ">" } }`;
      writeFileSync(config, `authorization { users: [{ user: h, password: h }, ${client}] }\n`);
    };
    allow('none');
    const strict = await startNats(['-c', config]);
    const login = (user: string): Pick<ServeOptions, 'servers' | 'namespace' | 'nats'> => ({
      servers: strict.url,
      namespace: 'strict',
      nats: { user, pass: user },
    });
    const enter = (): Promise<Host> =>
      serve({ ...login('h'), classes: { Ledger: { module, options } }, log: () => {} });
    const old = await enter();
    const cluster = await connect(login('c'));
    const ledger = await procxy(Ledger, { host: cluster, restart });
    const next = await enter();
    allow('procxy.*.place.>');
    strict.signal('SIGHUP');
    const refused = async (): Promise<boolean> => {
      const error: unknown = await procxy(Ledger, { host: cluster }).then((one) => one.$terminate(), String);
      return String(error).includes('does not let this user publish');
    };
    await expect.poll(refused, { timeout: 10_000 }).toBe(true);
    const draining = old.drain();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(await ledger.note(1)).toBe(1);
    expect(old.stats().instances).toBe(1);
    allow('none');
    strict.signal('SIGHUP');
    await draining;
    expect(await ledger.note(2)).toBe(2);
    expect(next.stats().instances).toBe(1);
    await ledger.$terminate();
    await cluster.close();
    await next.close();
    await strict.kill();
    rmSync(folder, { recursive: true });
  });

  test('does not wait for a client that was refused and says nothing more', async () => {
    const host = await start('silent');
    const stranger = await connectNats({ servers: nats.url });
    const request = { serialization: 'json' };
    const open = { type: 'open', procxy: '0.1.0', class: 'Other', lease: 60_000, callId: 1, request };
    const heard = new Promise<void>((resolve) => {
      stranger.subscribe('procxy.silent.c.>', { callback: () => resolve() });
    });
    stranger.publish(`procxy.silent.h.${host.id}.stranger.c.session`, firstFrame(JSON.stringify(open)));
    await heard;
    await host.drain();
    expect(host.stats().state).toBe('closed');
    await stranger.close();
  });

  test('and one that refuses for another reason are passed over for the next', async () => {
    // The host with less to do makes instances only by a static method.
    const classes = { Ledger: { module, options: { ...options, create: 'open' } } };
    const first = await serve({
      servers: nats.url,
      namespace: 'next',
      limits: { instances: 100 },
      classes,
      log: () => {},
    });
    await using cluster = await connect({ servers: nats.url, namespace: 'next' });
    await using _opened = await procxy(Ledger, { host: cluster, create: 'open' }, 'none');
    await expect(procxy(Ledger, { host: cluster })).rejects.toThrow('the client asks for the constructor');
    const second = await start('next', { instances: 2 });
    await using one = await procxy(Ledger, { host: cluster });
    await using two = await procxy(Ledger, { host: cluster });
    expect([await one.note(1), await two.note(2)]).toEqual([1, 2]);
    expect([first.stats().instances, second.stats().instances]).toEqual([1, 2]);
    await Promise.all([first, second].map((host) => host.close()));
  });
});
