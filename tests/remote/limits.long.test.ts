import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { HostError, OptionsValidationError, procxy } from '../../dist/index.js';
import { connect, serve, type Cluster, type Host, type Limits, type ServeOptions } from '../../dist/remote.js';
import { Ledger } from '../fixtures/remote/ledger.js';
import { hasNats, startNats, type NatsServer } from '../support/nats.js';

const module = new URL('../fixtures/remote/ledger.ts', import.meta.url);
const options = { execArgv: ['--import', import.meta.resolve('tsx')] };

describe.runIf(hasNats)('a host limits', () => {
  let nats: NatsServer;
  let namespaces = 0;
  const open: AsyncDisposable[] = [];

  beforeAll(async () => {
    nats = await startNats();
  });
  afterEach(async () => {
    for (const each of open.splice(0).toReversed()) await each[Symbol.asyncDispose]();
  });
  afterAll(() => nats.kill());

  const keep = <T extends AsyncDisposable>(each: T): T => {
    open.push(each);
    return each;
  };
  const start = async (given: Partial<ServeOptions>, namespace = `limits${namespaces++}`): Promise<[Host, string]> => {
    const classes = { Ledger: { module, options, version: '1.0.0' } };
    return [keep(await serve({ servers: nats.url, namespace, classes, log: () => {}, ...given })), namespace];
  };
  const join = async (namespace: string, client?: string): Promise<Cluster> =>
    keep(await connect({ servers: nats.url, namespace, client }));
  const make = (host: Cluster) => procxy(Ledger, { host });
  const failureOf = async (attempt: Promise<unknown>): Promise<string> => {
    const error: unknown = await attempt.then(String, (reason: unknown) => reason);
    expect(error).toBeInstanceOf(HostError);
    return String(error);
  };

  test('its instances, of all clients together', async () => {
    const [host, namespace] = await start({ limits: { instances: 2 } });
    const [one, two] = [await join(namespace), await join(namespace)];
    const first = await make(one);
    await make(two);
    expect(await failureOf(make(one))).toContain('it is full: 2 instances');
    expect(await failureOf(make(two))).toContain('it is full: 2 instances');
    expect(host.stats()).toMatchObject({ instances: 2, limit: 2 });
    await first.$terminate();
    await expect.poll(() => host.stats().instances).toBe(1);
    expect(await (await make(two)).note(1)).toBe(1);
  });

  test('the instances of each client, whatever its processes are', async () => {
    const [, namespace] = await start({ limits: { instances: 4, perClient: 1 } });
    const [web, webAgain, other] = [await join(namespace, 'web'), await join(namespace, 'web'), await join(namespace)];
    await make(web);
    expect(await failureOf(make(web))).toContain('it is full for the client web: 1 instances');
    expect(await failureOf(make(webAgain))).toContain('it is full for the client web: 1 instances');
    expect(await (await make(other)).note(1)).toBe(1);
  });

  test('a client that has no room at one host goes to another', async () => {
    const [first, namespace] = await start({ limits: { instances: 100, perClient: 1 } });
    const [second] = await start({ limits: { instances: 2, perClient: 1 } }, namespace);
    const web = await join(namespace, 'web');
    await make(web);
    await make(web);
    expect([first.stats().instances, second.stats().instances]).toEqual([1, 1]);
  });

  test('how many instances a client starts in a second', async () => {
    // None comes back in the time of this test.
    const [host, namespace] = await start({ limits: { instances: 4, perClient: 2, startsPerSecond: 0.001 } });
    const [web, other] = [await join(namespace, 'web'), await join(namespace)];
    const started = await Promise.all([make(web), make(web)]);
    await Promise.all(started.map((each) => each.$terminate()));
    await expect.poll(() => host.stats().instances).toBe(0);
    expect(await failureOf(make(web))).toContain(
      'the client web has started too many instances. There may be 0.001 in a second',
    );
    expect(await (await make(other)).note(1)).toBe(1);
  });

  test('the questions of a client, but answers all that one connection asks at once', async () => {
    const [host, namespace] = await start({});
    const web = await join(namespace, 'web');
    const answers = await Promise.all(Array.from({ length: 700 }, () => web.stats()));
    expect(answers.filter(([stats]) => stats?.id !== host.id)).toEqual([]);
  });

  test.each([
    { instances: 0 },
    { instances: 1.5 },
    { perClient: -1 },
    { perClient: '2' },
    { startsPerSecond: Number.NaN },
    { startsPerSecond: 0 },
    { startsPerSecond: Infinity },
    { perclient: 2 },
  ])('nothing by %o, which serve() refuses', async (limits) => {
    await expect(start({ limits: limits as Limits })).rejects.toThrow(OptionsValidationError);
  });

  describe('who makes instances, by an authorize()', () => {
    const refusal = '`authorize` does not let this client make an instance of Ledger with these arguments';

    test.each<[string, NonNullable<ServeOptions['authorize']>]>([
      ['returns false', () => false],
      ['resolves to false', async () => false],
      [
        'throws',
        () => {
          throw new Error('no database');
        },
      ],
      [
        'rejects',
        async () => {
          throw new Error('no database');
        },
      ],
      [
        'throws nothing',
        () => {
          throw undefined;
        },
      ],
      ['returns a word', () => 'yes' as unknown as boolean],
      ['returns a number', () => 1 as unknown as boolean],
      ['resolves to nothing', async () => undefined as unknown as boolean],
    ])('that %s, and refuses', async (_what, authorize) => {
      const [host, namespace] = await start({ authorize });
      const web = await join(namespace, 'web');
      expect(await failureOf(make(web))).toContain(refusal);
      await expect.poll(() => host.stats().instances).toBe(0);
    });

    test('that takes its time, and allows: calls wait for it, and keep their order', async () => {
      let asked = 0;
      const authorize = async (): Promise<boolean> => {
        asked++;
        await sleep(200);
        return true;
      };
      const [, namespace] = await start({ authorize });
      const ledger = await make(await join(namespace, 'web'));
      expect(await Promise.all([ledger.note(1), ledger.note(2)])).toEqual([1, 2]);
      expect(asked).toBe(1);
    });

    test('that hangs holds up only its client, and takes its room no longer than the client waits', async () => {
      const authorize = (client: string): boolean | Promise<boolean> => client !== 'slow' || new Promise(() => {});
      const [host, namespace] = await start({ authorize });
      const [slow, quick] = [await join(namespace, 'slow'), await join(namespace, 'quick')];
      const attempt = procxy(Ledger, { host: slow, startTimeout: 1500 });
      attempt.catch(() => {});
      expect(await (await make(quick)).note(1)).toBe(1);
      await expect(attempt).rejects.toMatchObject({ name: 'TimeoutError' });
      await expect.poll(() => host.stats().instances).toBe(1);
    });

    test('that hangs does not keep a host from closing', async () => {
      let asked: () => void;
      const isAsked = new Promise<void>((resolve) => (asked = resolve));
      const authorize = (): Promise<boolean> => {
        asked();
        return new Promise(() => {});
      };
      const [host, namespace] = await start({ authorize });
      const attempt = make(await join(namespace, 'web'));
      attempt.catch(() => {});
      await isAsked;
      await host.close();
      await expect(attempt).rejects.toThrow('its host was closed');
    });
  });
});
