import { connect as connectNats } from '@nats-io/transport-node';
import { describe, expect, test } from 'vitest';
import { entriesIn, makeDiary, useFarDiaries } from '../support/far-diaries.js';
import { hasNats } from '../support/nats.js';

describe.runIf(hasNats && process.platform === 'linux')('after its lease', () => {
  const far = useFarDiaries();

  test('a paused host that wakes up runs nothing of what it was sent meanwhile, and its answers are refused', async () => {
    const { host, cluster, namespace, own } = await far.meet({ host: 1500 });
    const spy = await connectNats({ servers: far.nats.url });
    const heard = { fromHost: 0, refused: 0 };
    const count = (subject: string, isCounted: (flags: number) => boolean, name: keyof typeof heard): void => {
      const callback = (_error: unknown, { data }: { data: Uint8Array }): void => {
        if (isCounted(data[1] ?? 0)) heard[name]++;
      };
      spy.subscribe(`procxy.${namespace}.${subject}.>`, { callback });
    };
    count('c', () => true, 'fromHost');
    // The flag of a frame that closes.
    count('h', (flags) => (flags & 2) !== 0, 'refused');
    const diary = await makeDiary(cluster, own);
    await diary.note('answered');
    const given = diary.noteAfter(300, 'given before');
    await diary.note('answered too');
    host.signal('SIGSTOP');
    const late = [1, 2, 3].map((number) => diary.note(`late ${number}`));
    const results = await Promise.allSettled([given, ...late]);
    for (const result of results) {
      expect(result).toMatchObject({ status: 'rejected', reason: { name: 'HostLostError', ran: 'maybe' } });
    }
    await spy.flush();
    Object.assign(heard, { fromHost: 0, refused: 0 });
    host.signal('SIGCONT');
    await far.allHaveEnded();
    await spy.flush();
    // It has tried to answer, and was refused. Its process has done what it was given before, and nothing of what came later.
    expect(heard.fromHost).toBeGreaterThan(0);
    expect(heard.refused).toBeGreaterThan(0);
    expect(entriesIn(own)).toEqual(['answered', 'answered too', 'given before']);
    await spy.close();
    await cluster.close();
    await host.kill();
  }, 60_000);
});
