import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { procxyPool } from '../../dist/index.js';
import { connect } from '../../dist/remote.js';
import { Diary } from '../fixtures/remote/diary.js';
import { hasNats, startNats, type NatsServer } from '../support/nats.js';

const command = fileURLToPath(new URL('../../dist/procxy-host.js', import.meta.url));
const module = fileURLToPath(new URL('../fixtures/remote/diary.js', import.meta.url));

describe.runIf(hasNats)('two hosts that are replaced one after the other', () => {
  const hosts = new Set<ChildProcess>();
  let nats: NatsServer;
  let folder: string;
  beforeAll(async () => {
    nats = await startNats();
    folder = mkdtempSync(join(tmpdir(), 'procxy-rolling-'));
  });
  afterAll(async () => {
    for (const host of hosts) host.kill('SIGKILL');
    await nats.kill();
    rmSync(folder, { recursive: true });
  });

  test.each([
    ['before its predecessor goes', 4],
    ['after its predecessor was asked to go', 3],
  ])(
    'reject no call of a pool, if the new one comes %s',
    async (when, instances) => {
      const namespace = `rolling-${instances}`;
      // The rest of the hosts has no room for all instances in the second case: the pool waits for the new host.
      const options = { namespace, limits: { instances }, classes: { Diary: { module } } };
      const config = join(folder, `${namespace}.mjs`);
      writeFileSync(config, `export default ${JSON.stringify(options)};`);
      const start = (): ChildProcess => {
        const args = [command, config, '--servers', nats.url, '--drain', '60'];
        const host = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'ignore'] });
        hosts.add(host);
        return host;
      };
      const old = [start(), start()];
      await using cluster = await connect({ servers: nats.url, namespace });
      await expect.poll(async () => (await cluster.stats()).length, { timeout: 30_000 }).toBe(2);
      const own = join(folder, namespace);
      mkdirSync(own);
      const given = { host: cluster, size: 4, concurrency: 4, enableCallbacks: true, timeout: 0 } as const;
      await using pool = await procxyPool(Diary, given, own);

      const over = new AbortController();
      const results: Promise<string>[] = [];
      const load = (async () => {
        while (!over.signal.aborted) {
          const entry = String(results.length);
          const kinds = [
            () => pool.note(entry),
            () => pool.noteWith(entry, async (same) => same),
            () => pool.noteAfter(200, entry),
            async () => {
              let seen = 0;
              for await (const value of pool.noteIn(entry, 5)) seen += value;
              return seen === 10 ? entry : `${seen}`;
            },
          ];
          const result = (kinds[results.length % kinds.length] as () => Promise<string>)();
          result.catch(() => {});
          results.push(result);
          await sleep(10);
        }
      })();

      for (const host of old) {
        const exited = once(host, 'exit');
        if (when.startsWith('before')) start();
        await sleep(500);
        host.kill('SIGTERM');
        await sleep(500);
        if (when.startsWith('after')) start();
        expect(await exited).toEqual([0, null]);
        hosts.delete(host);
      }
      over.abort();
      await load;
      expect(await Promise.all(results)).toEqual(results.map((_result, index) => String(index)));
      const noted = readdirSync(own).flatMap((file) => readFileSync(join(own, file), 'utf8').trim().split('\n'));
      expect(noted.length).toBe(results.length);
      expect(new Set(noted).size).toBe(results.length);
      expect((await pool.$stats()).instances.map(({ restarts }) => restarts)).toEqual([0, 0, 0, 0]);
    },
    120_000,
  );
});
