import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { text } from 'node:stream/consumers';
import { procxy, sync, type ProcxyOptions } from 'procxy';
import { collectGarbage } from '../fixtures/collect-garbage.js';
import { Soaking } from '../fixtures/soaking.js';
import { openDescriptors } from '../support/processes.js';
import { giveAndReset } from './resets.js';
import { SoakedFleets } from './soak-fleets.js';

const module = new URL('../fixtures/soaking.js', import.meta.url);

/** At least so many from one look to the next, on however slow a machine. */
const ROUNDS_A_LOOK = 5;

/** Everything that can be on, in each mode and on each channel. */
const kinds: { serialization: 'json' | 'advanced'; channel: 'ipc' | 'socket' }[] = [
  { serialization: 'json', channel: 'ipc' },
  { serialization: 'json', channel: 'socket' },
  { serialization: 'advanced', channel: 'ipc' },
  { serialization: 'advanced', channel: 'socket' },
];

/** A remote that is typed by hand: what handles do depends on the channel. */
type Remote = Record<string, (...args: unknown[]) => Promise<unknown>> & {
  $stats(): Promise<{ parent: object; child: object }>;
  $terminate(): Promise<void>;
  on(event: string, listener: (value: number) => void): void;
  off(event: string, listener: (value: number) => void): void;
};

/** What both sides of one proxy hold when all is quiet. */
export interface Held {
  /** Seconds since the start. */
  time: number;
  parentHeap: number;
  parentDescriptors: number;
  childHeap: number;
  childDescriptors: number;
}

export interface Soaked {
  /** By the name of the kind. */
  held: Map<string, Held[]>;
  /** Of the single instances. */
  rounds: number;
  /** Of the pool and of the instances by key. */
  fleetRounds: number;
}

/**
 * Uses a child of each kind for so long, with calls, functions, events, streams, signals, handles, failures and the mirror, and
 * looks every now and then at what is held when all has been let go of. A pool and instances by key are used meanwhile.
 * @param seconds how long in all
 * @param looks how often it is looked
 * @throws when something is left open
 */
export async function soak(seconds: number, looks: number): Promise<Soaked> {
  const server = createServer((socket) => void socket.end('from the server'));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const remotes = await Promise.all(kinds.map((kind) => start(kind)));
  const fleets = await SoakedFleets.start();
  const held = new Map(kinds.map((kind) => [Object.values(kind).join(', '), [] as Held[]]));
  const ofPool: Held[] = [];
  let rounds = 0;
  let fleetRounds = 0;
  // The first round of all makes what is made once.
  for (const [index, remote] of remotes.entries())
    await use(remote, kinds[index]?.channel === 'ipc' ? server : undefined);
  await fleets.round();
  const begun = performance.now();
  const elapsed = (): number => (performance.now() - begun) / 1000;
  for (let look = 0; look <= looks; look++) {
    const end = (seconds * look) / looks;
    const soaking = remotes.map(async (remote, index) => {
      const handles = kinds[index]?.channel === 'ipc' ? server : undefined;
      for (let round = 0; round < ROUNDS_A_LOOK || elapsed() < end; round++) {
        await use(remote, handles);
        rounds++;
      }
    });
    const ofFleets = async (): Promise<void> => {
      for (let round = 0; round < ROUNDS_A_LOOK || elapsed() < end; round++) {
        await fleets.round();
        fleetRounds++;
      }
    };
    await Promise.all([...soaking, ofFleets()]);
    const instances = await fleets.quiet();
    const samples = await Promise.all(remotes.map((remote) => quiet(remote)));
    const parentHeap = await ownHeap();
    const parentDescriptors = openDescriptors();
    ofPool.push({
      time: elapsed(),
      parentHeap,
      parentDescriptors,
      childHeap: Math.max(...instances.map(({ heap }) => heap)),
      childDescriptors: Math.max(...instances.map(({ descriptors }) => descriptors)),
    });
    for (const [index, list] of [...held.values()].entries()) {
      const child = samples[index] as { heap: number; descriptors: number };
      list.push({
        time: elapsed(),
        parentHeap,
        parentDescriptors,
        childHeap: child.heap,
        childDescriptors: child.descriptors,
      });
    }
  }
  await Promise.all([...remotes.map((remote) => remote.$terminate()), fleets.end()]);
  server.close();
  return { held: held.set('a pool, beside instances by key', ofPool), rounds, fleetRounds };
}

async function start(kind: (typeof kinds)[number]): Promise<Remote> {
  const options: ProcxyOptions = {
    ...kind,
    enableCallbacks: true,
    supportHandles: kind.channel === 'ipc',
    heartbeat: { interval: 100, limit: 60_000 },
  };
  return (await procxy(Soaking, module, options, 'x')) as unknown as Remote;
}

/** A round of everything. */
async function use(remote: Remote, server: Server | undefined): Promise<void> {
  const call = (name: string, ...args: unknown[]): Promise<unknown> =>
    (remote[name] as (...args: unknown[]) => Promise<unknown>)(...args);
  await Promise.all(Array.from({ length: 200 }, (_, n) => call('echo', { n, text: 'x'.repeat(n) })));
  await call('round');
  await call('map', [1, 2, 3], (n: number) => n);
  await call('map', [1, 2, 3], async (n: number) => ((await call('adder', n)) as (m: number) => Promise<number>)(1));
  await call(
    'sort',
    [3, 1, 2],
    sync((a: number, b: number) => a - b),
  );
  await call('fail').catch(() => {});
  const listener = (): void => {};
  remote.on('said', listener);
  await call('say', 100);
  remote.off('said', listener);
  for await (const item of call('count', 1e9) as unknown as AsyncIterable<number>) if (item > 500) break;
  for await (const chunk of (await call('bytes', 200_000)) as Readable) void chunk;
  await call('length', Readable.from([Buffer.alloc(100_000)], { objectMode: false }));
  const controller = new AbortController();
  const aborted = call('untilAborted', controller.signal).catch(() => {});
  controller.abort(new Error('enough'));
  await aborted;
  if (!server) return;
  await giveSocket(call, server);
  const ending = await giveAndReset((socket) => call('ending', socket)).catch((error: Error) => error.name);
  // The reset may come before the socket is sent.
  if (!['ECONNRESET', 'closed', 'HandleTransferError'].includes(String(ending)))
    throw new Error(`It ended: ${String(ending)}`);
}

async function giveSocket(call: (name: string, ...args: unknown[]) => Promise<unknown>, server: Server): Promise<void> {
  const { port } = server.address() as AddressInfo;
  const taker = createServer({ pauseOnConnect: true });
  await once(taker.listen(0, '127.0.0.1'), 'listening');
  const client = connect((taker.address() as AddressInfo).port, '127.0.0.1');
  const answer = text(client);
  const [socket] = (await once(taker, 'connection')) as unknown[];
  await call('setSocket', socket);
  if ((await answer) !== 'from the child') throw new Error('The socket did not arrive.');
  taker.close();
  const other = connect(port, '127.0.0.1');
  if ((await text(other)) !== 'from the server') throw new Error('The server does not answer.');
}

/** Waits until both sides have let go of everything, and tells what the child holds. */
async function quiet(remote: Remote): Promise<unknown> {
  let open = 'not asked';
  for (let attempt = 0; attempt < 100; attempt++) {
    await remote['held']?.();
    await ownHeap();
    const { parent, child } = await remote.$stats();
    const counts = [...Object.entries(parent), ...Object.entries(child)];
    open = counts
      .filter(([, count]) => (typeof count === 'number' ? count !== 0 : Object.keys(count).length > 0))
      .map(([name, count]) => `${name} ${JSON.stringify(count)}`)
      .join(', ');
    if (open === '') return remote['held']?.();
    await sleep(50);
  }
  throw new Error(`Something is left open: ${open}`);
}

async function ownHeap(): Promise<number> {
  for (let turn = 0; turn < 3; turn++) {
    await sleep(20);
    collectGarbage();
  }
  return process.memoryUsage().heapUsed;
}

/** How much what is held has grown from the first half to the second, by medians: the first looks are for what is made once. */
export function growth(held: readonly Held[], of: keyof Held): number {
  const middle = Math.ceil(held.length / 2);
  const median = (list: readonly Held[]): number => {
    const sorted = list.map((each) => each[of]).toSorted((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? 0;
  };
  return median(held.slice(middle)) - median(held.slice(1, middle));
}
