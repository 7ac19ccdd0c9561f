import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { ChildCrashedError, HostLostError, procxy } from '../../dist/index.js';
import { connect, serve } from '../../dist/remote.js';
import { Diary } from '../fixtures/remote/diary.js';
import { ProxyCable } from '../support/cable.js';
import { entriesIn, makeDiary, useFarDiaries } from '../support/far-diaries.js';
import { signalTo } from '../support/marked-processes.js';
import { hasNats } from '../support/nats.js';

/** What may break, as the first column of the table says. */
const rows = ((): string[] => {
  const page = readFileSync(new URL('../../docs/remote.md', import.meta.url), 'utf8');
  const [, section = ''] = page.split('## Know what happens when something breaks\n\n');
  const [table = ''] = section.split('\n\n');
  return table
    .split('\n')
    .slice(2)
    .map((line) => (line.split('|')[1] ?? '').trim());
})();

const MIB = 1024 * 1024;
const module = new URL('../fixtures/remote/diary.js', import.meta.url);

describe.runIf(hasNats && process.platform === 'linux')('the table says what happens, if this breaks:', () => {
  const far = useFarDiaries();
  const { start, meet, instances, allHaveEnded } = far;

  /** Makes a call that is open for as long as the instance lives. */
  const openCall = (diary: { noteAfter(ms: number, entry: string): Promise<string> }): Promise<string> => {
    const call = diary.noteAfter(600_000, 'never');
    call.catch(() => {});
    return call;
  };

  const proofs: Readonly<Record<string, () => Promise<void>>> = {
    'NATS, or a connection, for a while': async () => {
      const { host, cluster, own } = await meet({ host: 20_000 });
      const diary = await makeDiary(cluster, own);
      const entries = Array.from({ length: 300 }, (_none, index) => String(index));
      const calls = entries.map((entry, index) => sleep(index * 5).then(() => diary.note(entry)));
      await sleep(300);
      await far.nats.restart();
      await sleep(500);
      host.cable.pull();
      await sleep(1000);
      host.cable.plug();
      expect(await Promise.all(calls)).toEqual(entries);
      expect(entriesIn(own)).toEqual(entries);
      await cluster.close();
      await host.kill();
      await allHaveEnded();
    },

    'NATS, for the host only': async () => {
      const { host, cluster, own } = await meet({ host: 60_000 }, await ProxyCable.lay([far.nats.port]));
      const call = openCall(await makeDiary(cluster, own));
      // The server sees the end of this connection, and of no other.
      await host.cable.close();
      await expect(call).rejects.toThrow('is gone');
      await cluster.close();
      await host.kill();
      await allHaveEnded();
    },

    'the process of the instance': async () => {
      const { host, cluster, own } = await meet({});
      const diary = await makeDiary(cluster, own);
      const call = openCall(diary);
      const error: unknown = await diary.crash().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(ChildCrashedError);
      expect(error).not.toBeInstanceOf(HostLostError);
      expect(error).toMatchObject({ exitCode: 3, ran: 'maybe' });
      await expect(call).rejects.toMatchObject({ exitCode: 3, ran: 'maybe' });
      await cluster.close();
      await host.kill();
    },

    'the host is killed': async () => {
      const { host, cluster, own } = await meet({ host: 60_000 });
      const call = openCall(await makeDiary(cluster, own));
      await host.kill();
      // Long before the lease is over.
      await expect(call).rejects.toThrow('is gone');
      await allHaveEnded();
      await cluster.close();
    },

    'the host is stopped or cut off': async () => {
      const { host, cluster, own } = await meet({ host: 1500 });
      const stopped = openCall(await makeDiary(cluster, own));
      host.signal('SIGSTOP');
      await expect(stopped).rejects.toThrow('was not heard for 1500 ms');
      host.signal('SIGCONT');
      await allHaveEnded();
      const cut = openCall(await makeDiary(cluster, own));
      host.cable.pull();
      await expect(cut).rejects.toThrow('was not heard for 1500 ms');
      host.cable.plug();
      await allHaveEnded();
      await cluster.close();
      await host.kill();
    },

    'your program is killed': async () => {
      const lease = { host: 1500, client: 60_000 };
      const { host, cluster, namespace, own } = await meet(lease);
      const client = await start('client', { namespace, lease, folder: own, name: 'killed' });
      await expect.poll(() => instances().length, { timeout: 20_000 }).toBe(3);
      await client.kill();
      // Long before the lease is over.
      await allHaveEnded();
      await cluster.close();
      await host.kill();
    },

    'your program is cut off from NATS': async () => {
      const lease = { host: 1500, client: 3000 };
      const { host, cluster, namespace, own } = await meet(lease);
      const client = await start('client', { namespace, lease, folder: own, name: 'cut' });
      await expect.poll(() => instances().length, { timeout: 20_000 }).toBe(3);
      client.cable.pull();
      await allHaveEnded();
      client.cable.plug();
      expect(await client.end()).toBe(0);
      await allHaveEnded();
      await cluster.close();
      await host.kill();
    },

    'your program is blocked': async () => {
      const { host, cluster, own } = await meet({ host: 1000, client: 4000 });
      const diary = await makeDiary(cluster, own);
      const open = openCall(diary);
      const blocked = new Int32Array(new SharedArrayBuffer(4));
      Atomics.wait(blocked, 0, 0, 2000);
      expect(await diary.note('awake')).toBe('awake');
      Atomics.wait(blocked, 0, 0, 6000);
      await expect(open).rejects.toThrow(HostLostError);
      await allHaveEnded();
      expect(entriesIn(own)).toEqual(['awake']);
      await cluster.close();
      await host.kill();
    },

    'the host reads too slowly': async () => {
      const { host, cluster, own } = await meet({ host: 60_000 });
      const diary = await makeDiary(cluster, own);
      // The host cannot pass on what it reads, so that it reads no more.
      for (const pid of instances()) signalTo(pid, 'SIGSTOP');
      let produced = 0;
      const source = Readable.from(
        (function* () {
          while (produced < 256) yield Buffer.alloc(65_536, produced++);
        })(),
        { objectMode: false },
      );
      const read = diary.read(source);
      const one = diary.lengthOf('x'.repeat(80 * MIB));
      await sleep(1500);
      expect(produced * 65_536).toBeLessThan(4 * MIB);
      for (const pid of instances()) signalTo(pid, 'SIGCONT');
      expect(await read).toBe(256 * 65_536);
      expect(await one).toBe(80 * MIB);

      for (const pid of instances()) signalTo(pid, 'SIGSTOP');
      const calls = Array.from({ length: 25 }, () => diary.lengthOf('x'.repeat(4 * MIB)));
      const results = await Promise.allSettled(calls);
      for (const { status } of results) expect(status).toBe('rejected');
      await expect(calls.at(-1)).rejects.toThrow('is too slow: more than 64 MiB wait to be sent to it');
      await expect(calls.at(-1)).rejects.toBeInstanceOf(HostLostError);
      await allHaveEnded();
      await cluster.close();
      await host.kill();
    },

    'your program reads too slowly': async () => {
      const { host, cluster, own } = await meet({ host: 60_000 });
      const diary = await makeDiary(cluster, own);
      const stream = await diary.write(512);
      await sleep(1500);
      const produced = await diary.$get('produced');
      expect(produced * 65_536).toBeLessThan(4 * MIB);
      let next = 0;
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        for (let at = 0; at < chunk.length; at += 4096) expect(chunk[at]).toBe(Math.floor((next + at) / 65_536) % 256);
        next += chunk.length;
      }
      expect(next).toBe(512 * 65_536);
      await cluster.close();
      await host.kill();
    },

    'the host drains': async () => {
      const at = { servers: far.nats.url, namespace: 'drains' };
      const classes = { Diary: { module, options: { env: { PROCXY_MARK: far.mark } } } };
      const old = await serve({ ...at, classes });
      await using cluster = await connect(at);
      const own = far.makeFolder();
      const moving = await procxy(Diary, { host: cluster, restart: { onRestart() {} } }, own);
      const staying = await makeDiary(cluster, own);
      const next = await serve({ ...at, classes });
      const draining = old.drain();
      // The old instance ends when the new one is ready.
      const counts = (): number[] => [old.stats().instances, next.stats().instances];
      await expect.poll(counts, { timeout: 20_000 }).toEqual([1, 1]);
      expect(await moving.note('moved')).toBe('moved');
      expect(await staying.note('stayed')).toBe('stayed');
      await staying.$terminate();
      await draining;
      await moving.$terminate();
      await next.close();
      await allHaveEnded();
    },
  };

  test('each row of the table has one test', () => {
    expect(rows.length).toBeGreaterThan(5);
    expect(Object.keys(proofs)).toEqual(rows);
  });

  test.each(Object.entries(proofs))('%s', async (_row, prove) => prove(), 120_000);
});
