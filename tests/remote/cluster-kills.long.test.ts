import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { procxy } from '../../dist/index.js';
import { connect, serve } from '../../dist/remote.js';
import { Ledger } from '../fixtures/remote/ledger.js';
import { hasNats, startCluster } from '../support/nats.js';

const module = new URL('../fixtures/remote/ledger.ts', import.meta.url);
const options = { execArgv: ['--import', import.meta.resolve('tsx')] };
const CALLS = 100_000;
const WINDOW = 500;

test.runIf(hasNats)(
  `${CALLS} calls run once and in order while two clustered servers are killed in turn`,
  async () => {
    const servers = await startCluster();
    const urls = servers.map(({ url }) => url);
    const folder = mkdtempSync(join(tmpdir(), 'procxy-ledger-'));
    const host = await serve({ servers: urls, namespace: 'kills', classes: { Ledger: { module, options } } });
    const cluster = await connect({ servers: urls, namespace: 'kills' });
    const ledger = await procxy(Ledger, { host: cluster, timeout: 0 }, join(folder, 'log'));
    const expected = Array.from({ length: CALLS }, (_none, index) => index);
    let kills = 0;
    for (let start = 0; start < CALLS; start += WINDOW) {
      const calls = expected.slice(start, start + WINDOW).map((entry) => ledger.note(entry));
      if (start % 20_000 === 10_000) void servers[kills++ % 2]?.restart();
      expect(await Promise.all(calls)).toEqual(expected.slice(start, start + WINDOW));
    }
    expect(kills).toBe(5);
    expect(readFileSync(join(folder, 'log'), 'utf8').trim().split('\n').map(Number)).toEqual(expected);
    await cluster.close();
    await host.close();
    await Promise.all(servers.map((server) => server.kill()));
    rmSync(folder, { recursive: true });
  },
  300_000,
);
