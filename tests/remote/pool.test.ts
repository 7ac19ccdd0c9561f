import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ChildCrashedError, OptionsValidationError, procxy, procxyKeyed, procxyPool } from '../../dist/index.js';
import { connect, serve, type Host } from '../../dist/remote.js';
import { Ledger } from '../fixtures/remote/ledger.js';
import { hasNats, startNats, type NatsServer } from '../support/nats.js';

const module = new URL('../fixtures/remote/ledger.ts', import.meta.url);
const options = { execArgv: ['--import', import.meta.resolve('tsx')] };

describe.runIf(hasNats)('over hosts', () => {
  let nats: NatsServer;
  beforeAll(async () => {
    nats = await startNats();
  });
  afterAll(() => nats.kill());

  const start = (namespace: string): Promise<Host> =>
    serve({ servers: nats.url, namespace, classes: { Ledger: { module, options } }, log: () => {} });

  test('a pool loses no call while both of its hosts are replaced', async () => {
    const old = [await start('rolling'), await start('rolling')];
    await using cluster = await connect({ servers: nats.url, namespace: 'rolling' });
    await using pool = await procxyPool(Ledger, { host: cluster, size: 2 });
    const over = new AbortController();
    const results: Promise<number>[] = [];
    const load = (async () => {
      while (!over.signal.aborted) {
        results.push(pool.note(results.length));
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    })();
    const replacements: Host[] = [];
    for (const host of old) {
      replacements.push(await start('rolling'));
      await host.drain();
    }
    over.abort();
    await load;
    expect(await Promise.all(results)).toEqual(results.map((_result, index) => index));
    expect(results.length).toBeGreaterThan(10);
    expect(replacements.reduce((sum, host) => sum + host.stats().instances, 0)).toBe(2);
    await pool.$terminate();
    await Promise.all(replacements.map((host) => host.close()));
  });

  test('an instance that took the place of a crashed one leaves a host that drains', async () => {
    const old = await start('restarted');
    await using cluster = await connect({ servers: nats.url, namespace: 'restarted' });
    const restart = { onRestart: () => {}, minDelay: 10 };
    await using pool = await procxyPool(Ledger, { host: cluster, size: 1, restart });
    await expect(pool.crash()).rejects.toThrow(ChildCrashedError);
    expect(await pool.note(1)).toBe(1);
    const next = await start('restarted');
    // Ends when it has no instances any more.
    await old.drain();
    expect(await pool.note(2)).toBe(2);
    expect(next.stats().instances).toBe(1);
    await pool.$terminate();
    await next.close();
  });

  test('instances by key are refused: they live on this machine', async () => {
    await using cluster = await connect({ servers: nats.url, namespace: 'keyed' });
    const make = (): unknown => procxyKeyed(Ledger, { host: cluster });
    expect(make).toThrow(OptionsValidationError);
    expect(make).toThrow(/`host` is not for procxyKeyed\(\).*procxyPool\(\)/);
  });

  test('a restart takes place on another host', async () => {
    const [first, second] = [await start('restart'), await start('restart')];
    await using cluster = await connect({ servers: nats.url, namespace: 'restart' });
    await using ledger = await procxy(Ledger, { host: cluster, restart: { onRestart: () => {}, minDelay: 10 } });
    const home = first.stats().instances === 1 ? first : second;
    await home.close();
    await expect.poll(() => ledger.$restarts, { timeout: 20_000 }).toBe(1);
    expect(await ledger.note(1)).toBe(1);
    await (home === first ? second : first).close();
  });
});
