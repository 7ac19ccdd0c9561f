import { connect as connectNats, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HostError, procxy, sync } from '../../dist/index.js';
import { connect, serve, type Cluster, type Host } from '../../dist/remote.js';
import { Ledger } from '../fixtures/remote/ledger.js';
import { hasNats } from '../support/nats.js';
import { SecureNats, type Role } from '../support/secure-nats.js';

const module = new URL('../fixtures/remote/ledger.ts', import.meta.url);
const options = { execArgv: ['--import', import.meta.resolve('tsx')] };

describe.runIf(hasNats)('with the permissions of examples/cluster/nats.conf', () => {
  let nats: SecureNats;
  let host: Host;
  let web: Cluster;
  /** Connections without procxy, as a hostile client has one. */
  const strangers: NatsConnection[] = [];

  const network = (role: Role): { servers: string; namespace: string; nats: object } => ({
    servers: nats.servers,
    namespace: 'shop',
    nats: nats.login(role),
  });
  const join = async (role: Role): Promise<NatsConnection> => {
    const stranger = await connectNats({ servers: nats.servers, ...nats.login(role) });
    strangers.push(stranger);
    return stranger;
  };

  beforeAll(async () => {
    nats = await SecureNats.start();
    host = await serve({ ...network('host'), classes: { Ledger: { module, options } }, log: () => {} });
    web = await connect({ ...network('web'), client: 'web' });
  });
  afterAll(async () => {
    await Promise.all(strangers.map((each) => each.close()));
    await web.close();
    await host.close();
    await nats.kill();
  });

  test('a client does all its work', async () => {
    await using ledger = await procxy(Ledger, { host: web, enableCallbacks: true });
    const noted: number[] = [];
    expect(await ledger.noteEach([1, 2], (entry) => void noted.push(entry))).toBe(2);
    const sorted = await ledger.sorted(
      [1, 2],
      sync((a, b) => b - a),
    );
    expect(sorted).toEqual([2, 1]);
    expect(noted).toEqual([1, 2]);
    expect(await web.stats()).toMatchObject([{ id: host.id, instances: 1 }]);
  });

  test('an operator sees hosts, and is told at once that it may start nothing', async () => {
    await using operator = await connect({ ...network('operator'), client: 'operator' });
    expect(await operator.stats()).toMatchObject([{ id: host.id }]);
    const error: unknown = await procxy(Ledger, { host: operator }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(HostError);
    expect(String(error)).toContain('NATS does not let this user publish on procxy.shop.place.Ledger.operator.');
    expect(String(error)).toContain('Check the permissions');
  });

  /** Resolves to what NATS has refused of a hostile client, and what a host heard meanwhile. */
  const attempt = async (
    attack: (stranger: NatsConnection) => void,
  ): Promise<{ refused: string[]; heard: string[] }> => {
    const [stranger, witness] = [await join('web'), await join('host')];
    const [refused, heard]: string[][] = [[], []];
    for (const subject of ['procxy.shop.h.>', 'procxy.shop.place.*.*']) {
      witness.subscribe(subject, { callback: (_error, message) => void heard?.push(message.subject) });
    }
    await witness.flush();
    void (async () => {
      for await (const status of stranger.status()) {
        const { operation, subject } = ('error' in status ? status.error : {}) as Record<string, unknown>;
        if (typeof operation === 'string') refused?.push(`${operation} ${String(subject)}`);
      }
    })();
    attack(stranger);
    await stranger.flush();
    await witness.flush();
    return { refused: refused ?? [], heard: heard ?? [] };
  };

  test('what a client may publish arrives, or these tests would show nothing', async () => {
    const { refused, heard } = await attempt((stranger) => {
      stranger.publish('procxy.shop.h.x.web.a.b');
      stranger.publish('procxy.shop.place.Ledger.web');
    });
    expect(refused).toEqual([]);
    expect(heard).toEqual(['procxy.shop.h.x.web.a.b', 'procxy.shop.place.Ledger.web']);
  });

  test.each([
    ['asks for another client', 'procxy.shop.place.Ledger.other'],
    ['asks for an operator', 'procxy.shop.place.-.operator'],
    ['sends a frame of another client', 'procxy.shop.h.HOST.other.a.b'],
    ['sends a frame of any client', 'procxy.shop.h.HOST.*.a.b'],
    ['sends a frame without a client', 'procxy.shop.h.HOST'],
    ['answers another client as a host does', 'procxy.shop.c.other.a.b'],
    ['answers itself as a host does', 'procxy.shop.c.web.a.b'],
    ['sends to another namespace', 'procxy.other.h.x.web.a.b'],
  ])('a client that %s is refused by NATS', async (_what, template) => {
    const subject = template.replace('HOST', host.id);
    const { refused, heard } = await attempt((stranger) => stranger.publish(subject));
    expect(refused).toEqual([`publish ${subject}`]);
    expect(heard).toEqual([]);
  });

  test.each([
    ["another client's answers", 'procxy.shop.c.other.>'],
    ['the answers of all clients', 'procxy.shop.c.>'],
    ['the answers of each client', 'procxy.shop.c.*.*.*'],
    ["an operator's answers", 'procxy.shop.c.operator.>'],
    ['questions, as a host does', 'procxy.shop.place.*.*'],
    ['its own questions', 'procxy.shop.place.Ledger.web'],
    ["a host's frames", 'procxy.shop.h.HOST.>'],
    ['its own frames', 'procxy.shop.h.*.web.>'],
    ['everything', '>'],
    ["everything of procxy's", 'procxy.>'],
    ["the server's own messages", '$SYS.>'],
  ])('a client that listens to %s is refused by NATS', async (_what, template) => {
    const subject = template.replace('HOST', host.id);
    const heard: string[] = [];
    const { refused } = await attempt((stranger) => {
      const callback = (error: Error | null, { subject: from }: { subject: string }): void => {
        if (!error) heard.push(from);
      };
      stranger.subscribe(subject, { callback });
      stranger.subscribe(subject, { callback, queue: 'shared' });
    });
    // The client of NATS tells which of two equal subscriptions it was by its queue alone.
    expect(new Set(refused)).toEqual(new Set([`subscription ${subject}`]));
    expect(refused).toHaveLength(2);
    await using ledger = await procxy(Ledger, { host: web });
    expect(await ledger.note(1)).toBe(1);
    expect(heard).toEqual([]);
  });

  test('a client cannot have a host answer another client', async () => {
    const [stranger, operator] = [await join('web'), await join('operator')];
    const heard: string[] = [];
    operator.subscribe('procxy.shop.c.operator.>', { callback: () => void heard.push('operator') });
    stranger.subscribe('procxy.shop.c.web.x.>', { callback: () => void heard.push('web') });
    await operator.flush();
    const question = JSON.stringify({ procxy: '0.1.0', where: {} });
    for (const reply of ['procxy.shop.c.operator.x.q', 'procxy.shop.c.web.x.q']) {
      stranger.publish('procxy.shop.place.Ledger.web', question, { reply });
    }
    await expect.poll(() => heard).toContain('web');
    await operator.flush();
    expect(heard).toEqual(['web']);
  });

  test.each([
    ['connect', 'web', 'other', 'subscribe to procxy.shop.c.other.'],
    ['connect', 'host', 'web', 'subscribe to procxy.shop.c.web.'],
    ['connect', 'operator', 'web', 'subscribe to procxy.shop.c.web.'],
    ['serve', 'web', undefined, 'subscribe to procxy.shop.place.*.*'],
    ['serve', 'operator', undefined, 'subscribe to procxy.shop.place.*.*'],
  ] as const)('%s() with the credentials of %s says what is refused', async (call, role, client, message) => {
    const attempted =
      call === 'connect'
        ? connect({ ...network(role), client })
        : serve({ ...network(role), classes: { Ledger: { module, options } } });
    const error: unknown = await attempted.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(HostError);
    expect(String(error)).toContain(`${call}(): NATS does not let this user ${message}`);
    expect(String(error)).toContain('Check the permissions of the user that `nats` names.');
  });
});
