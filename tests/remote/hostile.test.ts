import { connect as connectNats } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { procxy } from '../../dist/index.js';
import { connect, serve, type Cluster, type Host } from '../../dist/remote.js';
import { Ledger } from '../fixtures/remote/ledger.js';
import { firstFrame } from '../support/first-frame.js';
import { hasNats, startNats, type NatsServer } from '../support/nats.js';

const module = new URL('../fixtures/remote/ledger.ts', import.meta.url);
const options = { execArgv: ['--import', import.meta.resolve('tsx')] };
const evil = { toString: 1, valueOf: 1 };

test('the message of a connection that fails hides credentials', async () => {
  const failed = connect({ servers: 'nats://user:secret@127.0.0.1:1', namespace: 'n', nats: { timeout: 500 } });
  const error: unknown = await failed.catch((reason: unknown) => reason);
  expect(error).toMatchObject({ name: 'HostError' });
  expect(String(error)).toContain('nats://***@127.0.0.1:1');
  expect(String(error)).not.toContain('secret');
});

describe.runIf(hasNats)('a host among clients that break the protocol', () => {
  let nats: NatsServer;
  let host: Host;
  let cluster: Cluster;
  let stranger: Awaited<ReturnType<typeof connectNats>>;

  beforeAll(async () => {
    nats = await startNats();
    const limits = { instances: 4, perClient: 2 };
    host = await serve({
      servers: nats.url,
      namespace: 'n',
      limits,
      log: () => {},
      classes: { Ledger: { module, options, version: '1.0.0' } },
    });
    cluster = await connect({ servers: nats.url, namespace: 'n' });
    stranger = await connectNats({ servers: nats.url });
  });
  afterAll(async () => {
    await stranger.close();
    await cluster.close();
    await host.close();
    await nats.kill();
  });

  const expectAlive = async (): Promise<void> => {
    await stranger.flush();
    await using ledger = await procxy(Ledger, { host: cluster });
    expect(await ledger.note(1)).toBe(1);
  };

  /** Sends the first frame of a session. */
  const begin = (session: string, line: string): void => {
    stranger.publish(`procxy.n.h.${host.id}.stranger.c.${session}`, firstFrame(line));
  };
  const open = { type: 'open', procxy: '0.1.0', class: 'Ledger', lease: 1000, callId: 1 };
  const request = { serialization: 'json' };

  test.each([
    ['a label that is an object', { procxy: '0.1.0', where: { gpu: evil } }],
    ['a label that every object has', { procxy: '0.1.0', where: { toString: true } }],
    ['a version of procxy of 1 MB', { procxy: 'x'.repeat(1_040_000), where: {} }],
    ['a version of 1 MB', { procxy: '0.1.0', version: 'x'.repeat(1_040_000), where: {} }],
    ['a label of 1 MB', { procxy: '0.1.0', where: { gpu: 'x'.repeat(1_040_000) } }],
  ])('goes on after a question with %s', async (_what, question) => {
    stranger.publish('procxy.n.place.Ledger.stranger', JSON.stringify(question), { reply: 'procxy.n.c.stranger.c.q' });
    await expectAlive();
  });

  test.each([
    ['a static method that is an object', { ...request, create: evil }],
    ['a static method of 200 kB', { ...request, create: 'x'.repeat(200_000) }],
    ['a mirror that is a list', { ...request, mirror: [] }],
    ['callbacks without a limit', { ...request, callbacks: {} }],
    ['references with an odd limit', { ...request, references: { limit: evil } }],
  ])('goes on after a request with %s', async (what, wrong) => {
    begin(what.replaceAll(' ', ''), JSON.stringify({ ...open, request: wrong }));
    await expectAlive();
  });

  test('goes on after a request that is nested deep', async () => {
    const nested = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const line = JSON.stringify({ ...open, request: { ...request, mirror: 'nested' } });
    begin('deep', line.replace('"nested"', nested));
    await expectAlive();
  });

  test('answers a client only on its own subjects', async () => {
    const heard: string[] = [];
    for (const subject of ['elsewhere', 'procxy.n.h.a.b.c.d', 'procxy.n.c.other.c.q', 'procxy.n.c.stranger.c.q']) {
      stranger.subscribe(subject, { callback: () => void heard.push(subject) });
      stranger.publish('procxy.n.place.-.stranger', JSON.stringify({ procxy: '0.1.0', where: {} }), { reply: subject });
    }
    await expectAlive();
    expect(heard).toEqual(['procxy.n.c.stranger.c.q']);
  });

  test.each([
    ['of procxy', { procxy: '9.9.9' }, 'it runs procxy 0.1.0, and the client 9.9.9'],
    ['of the class', { procxy: '0.1.0', version: '2.0.0' }, 'it has Ledger 1.0.0, and the client needs 2.0.0'],
  ])('refuses another version %s when it is asked, and again before it starts anything', async (what, other, why) => {
    const { started } = host.stats();
    const heard: string[] = [];
    const subscription = stranger.subscribe('procxy.n.c.stranger.>', {
      callback: (_error, { data }) => void heard.push(Buffer.from(data).toString()),
    });
    const question = JSON.stringify({ where: {}, ...other });
    stranger.publish('procxy.n.place.Ledger.stranger', question, { reply: 'procxy.n.c.stranger.c.q' });
    begin(`version${what.length}`, JSON.stringify({ ...open, ...other, request }));
    const isRefused = (text: string): boolean => text.includes(why);
    await expect.poll(() => heard.filter(isRefused).length).toBeGreaterThanOrEqual(2);
    expect(heard.some((text) => text.includes('"refusal"'))).toBe(true);
    expect(heard.some((text) => text.includes('"refused"'))).toBe(true);
    subscription.unsubscribe();
    expect(host.stats().started).toBe(started);
  });

  test('gives no room to sessions that it refuses, and keeps few of them', async () => {
    let closed = 0;
    stranger.subscribe('procxy.n.c.stranger.c.*', {
      callback: (_error, { data }) => void (closed += ((data[1] ?? 0) & 2) === 2 ? 1 : 0),
    });
    for (let session = 0; session < 200; session++) {
      begin(`many${session}`, JSON.stringify({ ...open, class: 'Other', request }));
    }
    await expectAlive();
    expect(closed).toBeGreaterThan(100);
    await expect.poll(() => host.stats().instances).toBe(0);
  });
});
