import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { layCable, type Cable } from '../support/cable.js';
import { markedProcesses, signalTo } from '../support/marked-processes.js';
import { freePort, hasNats, NatsServer } from '../support/nats.js';
import { Peer } from '../support/peer.js';

const MIB = 1024 * 1024;
const INSTANCES = 2;
const LANES = 4;
/** What one side may keep for the other. */
const WINDOWS = INSTANCES * LANES * MIB;
/** What the runtime of a process may take besides: V8 collects freed buffers when there are 64 MiB of them. */
const SLACK = 96 * MIB;
/** 128 MiB in each direction, 10,000 callbacks of 1 KiB, and 8 results of 8 MiB, for each instance: about 700 MiB in all. */
const load = { instances: INSTANCES, chunks: 2048, callbacks: 10_000, results: 8 };

describe.runIf(hasNats && process.platform === 'linux')('the memory of a client, a host and a server', () => {
  const mark = `procxy-memory-${process.pid}`;
  let folder: string;
  let nats: NatsServer;
  let cables: Cable[];
  const peers: Peer[] = [];
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'procxy-memory-'));
    const config = join(folder, 'nats.conf');
    // A consumer that does not read for a second is cut off.
    writeFileSync(config, 'write_deadline: "1s"\n');
    nats = await new NatsServer(await freePort(), ['-c', config], '0.0.0.0').start();
    cables = [await layCable([nats.port]), await layCable([nats.port])];
  });
  afterAll(async () => {
    for (const peer of peers) peer.signal('SIGKILL');
    await nats.kill();
    await Promise.all(cables.map((cable) => cable.close()));
    rmSync(folder, { recursive: true });
  });

  test.each(['the client', 'the host', 'the instances', 'nobody, and the client reads slowly'])(
    'is bounded by the window while this is stopped: %s',
    async (stopped) => {
      const [near, far] = cables as [Cable, Cable];
      const at = { namespace: 'memory' };
      const host = await new Peer('host', near).start('host', { ...at, mark });
      const pause = stopped.startsWith('nobody') ? 1 : 0;
      const client = await new Peer('client', far).start('reader', { ...at, ...load, pause, folder });
      peers.push(host, client);
      const pids = { host: host.pid, server: nats.pid ?? 0, client: client.pid };
      const before = sizes(pids);
      client.send('go');
      await sleep(1500);

      const victims: Record<string, readonly number[]> = {
        'the client': [client.pid],
        'the host': [host.pid],
        'the instances': markedProcesses(mark),
      };
      for (const pid of victims[stopped] ?? []) signalTo(pid, 'SIGSTOP');
      await sleep(1500);
      const atStop = sizes(pids);
      await sleep(4000);
      const afterStop = sizes(pids);
      for (const pid of victims[stopped] ?? []) signalTo(pid, 'SIGCONT');
      await expect.poll(() => client.settled.length, { timeout: 200_000 }).toBe(1);
      const done = sizes({ host: host.pid, server: nats.pid ?? 0 });

      const report = JSON.stringify({ before, atStop, afterStop, done }, (_key, value: unknown) =>
        typeof value === 'number' ? Math.round(value / MIB) : value,
      );
      process.stderr.write(`stopped: ${stopped}. In MiB: ${report}\n`);
      // Everything has arrived.
      const { instances, chunks, callbacks, results } = load;
      const arrived = Array.from({ length: instances }, () => [chunks, chunks, callbacks, results]);
      expect(client.settled[0]).toEqual(arrived);
      for (const name of ['host', 'server'] as const) {
        expect(done[name].peak - before[name].now, `${name}, at its peak`).toBeLessThan(2 * WINDOWS + SLACK);
      }
      if (victims[stopped]) {
        // Nothing grows while nobody takes it. A client keeps large results that it was given: that is not growth.
        for (const name of ['host', 'server', 'client'] as const) {
          expect(afterStop[name].now - atStop[name].now, `${name}, while stopped`).toBeLessThan(WINDOWS + SLACK);
        }
      }
      await expect.poll(() => markedProcesses(mark)).toEqual([]);
      expect(await host.end()).toBe(0);
    },
    300_000,
  );
});

/** The memory of processes now, and the most that they ever had, in bytes. */
function sizes<K extends string>(pids: Readonly<Record<K, number>>): Record<K, { now: number; peak: number }> {
  const read = (pid: number): { now: number; peak: number } => {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const field = (name: string): number => Number(new RegExp(`${name}:\\s*(\\d+)`).exec(status)?.[1]) * 1024;
    return { now: field('VmRSS'), peak: field('VmHWM') };
  };
  return Object.fromEntries(Object.entries<number>(pids).map(([name, pid]) => [name, read(pid)])) as Record<
    K,
    { now: number; peak: number }
  >;
}
