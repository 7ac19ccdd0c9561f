import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { byReference, procxy, sync, type ProcxyOptions } from 'procxy';
import { Elsewhere } from '../fixtures/elsewhere.js';
import { childPids, isRunning, killReaper, leftOpen, reaperPids, until } from '../support/processes.js';
import { firstLine, onTold, startScript, tell } from '../support/scripts.js';
import { giveAndReset } from './resets.js';

const module = new URL('../fixtures/elsewhere.js', import.meta.url);

/** ms after which what has not settled has been forgotten. */
const FORGOTTEN = 30_000;

type Method = (...args: unknown[]) => Promise<unknown>;
type Name =
  | 'holder'
  | 'useLent'
  | 'echo'
  | 'map'
  | 'sort'
  | 'on'
  | 'adder'
  | 'count'
  | 'bytes'
  | 'length'
  | 'ending'
  | 'exit'
  | 'throwLater'
  | 'fill';
type Remote = Record<Name | '$stats' | '$get' | '$refresh' | '$terminate', Method> & {
  $process: { kill(signal: NodeJS.Signals): boolean };
  $exited: Promise<unknown>;
};

interface Holder extends AsyncIterable<number> {
  hold(): Promise<number>;
  itself(): Promise<unknown> & Holder;
}

/** What may be under way when the child dies. */
const operations: ((remote: Remote) => unknown)[] = [
  (remote) => remote.echo('x'.repeat(100_000)),
  (remote) => Promise.all(Array.from({ length: 500 }, (_, n) => remote.echo(n))),
  (remote) => remote.map([1, 2, 3], async (n: number) => sleep(3, n)),
  (remote) => remote.map([1, 2, 3], () => new Promise(() => {})),
  (remote) =>
    remote.sort(
      [3, 1, 2],
      sync((a: number, b: number) => a - b),
    ),
  (remote) => remote.on('mapped', () => {}),
  (remote) => remote.adder(1).then((add) => (add as Method)(2)),
  async (remote) => {
    for await (const item of remote.count(1e9) as unknown as AsyncIterable<number>) if (item > 1e6) break;
  },
  async (remote) => {
    for await (const chunk of (await remote.bytes(5_000_000)) as Readable) void chunk;
  },
  (remote) => remote.length(Readable.from(endless(), { objectMode: false })),
  (remote) => giveAndReset((socket) => remote.ending(socket)),
  async (remote) => {
    const holders = await Promise.all(Array.from({ length: 50 }, () => remote.holder()));
    await Promise.all(holders.map((holder) => (holder as Holder).hold()));
  },
  (remote) => (remote.holder() as unknown as Holder).itself().itself().itself().hold(),
  async (remote) => {
    let count = 0;
    for await (const _ of (await remote.holder()) as AsyncIterable<number>) if (++count > 1000) break;
  },
  (remote) => remote.useLent(byReference({ take: (n: number) => sleep(1, n) }), 20),
  (remote) => remote.$stats(),
  (remote) => remote.$get('name'),
  (remote) => remote.$refresh(),
];

function* endless(): Generator<Buffer> {
  for (;;) yield Buffer.alloc(10_000);
}

const ignore = (): void => {};

/** How it dies. */
const deaths: ((remote: Remote, controller: AbortController) => unknown)[] = [
  ({ $process }) => $process.kill('SIGKILL'),
  ({ $process }) => $process.kill('SIGTERM'),
  async ({ $process }) => {
    // Windows does not stop processes.
    if (process.platform !== 'win32') $process.kill('SIGSTOP');
    await sleep(5);
    $process.kill('SIGKILL');
  },
  (remote) => remote.exit(3),
  (remote) => remote.throwLater(),
  (remote) => remote.$terminate(),
  (_remote, controller) => controller.abort(),
];

/** Of a child with a small heap. */
const outOfMemory: (typeof deaths)[number] = (remote) => remote.fill();

export interface KillReport {
  kills: number;
  /** Of them, those that came while the child was starting. */
  duringStart: number;
  /** Reapers that were killed meanwhile. */
  reapers: number;
  /** How what was open has ended, by the names of errors. */
  outcomes: Map<string, number>;
}

/**
 * Starts `kills` children, and ends each at a random moment, in a random way, with several things under way. Now and then the
 * reaper is killed too.
 * @throws when anything is forgotten, or a process, descriptor, listener or timer is left
 */
export async function killChildren(kills: number, random: () => number, inParallel = 3): Promise<KillReport> {
  const report: KillReport = { kills: 0, duringStart: 0, reapers: 0, outcomes: new Map() };
  const escaped: unknown[] = [];
  const note = (error: unknown): number => escaped.push(error);
  process.on('unhandledRejection', note);
  process.on('uncaughtException', note);
  await killOne(random, report);
  await until(() => childPids().length <= 1, 'the first child has gone');
  const before = leftOpen();
  const run = async (): Promise<void> => {
    while (report.kills < kills) await killOne(random, report);
  };
  await Promise.all(Array.from({ length: inParallel }, run));
  await until(() => leftOpen().every((count, index) => count <= (before[index] ?? 0)), 'nothing is left');
  process.off('unhandledRejection', note);
  process.off('uncaughtException', note);
  if (escaped.length > 0) throw new Error('something escaped', { cause: escaped[0] });
  return report;
}

async function killOne(random: () => number, report: KillReport): Promise<void> {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const controller = new AbortController();
  const isSmall = random() < 0.05;
  const channel = pick(['ipc', 'socket'] as const);
  const options: ProcxyOptions = {
    serialization: pick(['json', 'advanced'] as const),
    channel,
    enableCallbacks: true,
    enableReferences: true,
    supportHandles: channel === 'ipc',
    stdio: 'ignore',
    // Without the loader of TypeScript that this process may have: it takes long to start.
    execArgv: [],
    ...(isSmall && { resourceLimits: { maxOldGenerationSizeMb: 20 } }),
    callbackTimeout: 5000,
    terminateTimeout: 1000,
    signal: controller.signal,
  };
  report.kills++;
  const name = (error: unknown): string => (error instanceof Error ? error.name : 'fulfilled');
  const count = (outcome: string): unknown => report.outcomes.set(outcome, (report.outcomes.get(outcome) ?? 0) + 1);
  const open: Promise<unknown>[] = [];
  const starting = procxy(Elsewhere, module, options, 'x') as unknown as Promise<Remote>;
  if (random() < 0.2) {
    report.duringStart++;
    open.push(starting);
    await sleep(random() * 150);
    controller.abort();
    await within(starting.then((remote) => remote.$exited, ignore));
  } else {
    const remote = await starting;
    for (let n = 0; n < 4; n++) open.push(Promise.resolve(pick(operations)(remote)));
    // It may be awaited later than it rejects.
    for (const each of open) each.catch(() => {});
    await sleep(random() * 20);
    if (random() < 0.1 && killReaper(process.pid)) report.reapers++;
    open.push(Promise.resolve((isSmall ? outOfMemory : pick(deaths))(remote, controller)));
    for (const each of open) each.catch(() => {});
    await within(remote.$exited);
    open.push(Promise.resolve(remote.echo(1)));
  }
  for (const outcome of await within(Promise.allSettled(open))) {
    count(outcome.status === 'fulfilled' ? 'fulfilled' : name(outcome.reason));
  }
}

/** A child that is just ending does not keep this process alive; the timer does. */
async function within<T>(promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('what was open did not settle, or the child did not end')), FORGOTTEN);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

export interface ParentReport {
  children: number;
  /** Reapers that were killed before their parent. */
  reapers: number;
}

/**
 * Starts `kills` parents with three children each, of which one is in a busy loop, and kills each parent at a random moment. Before
 * that its reaper is killed, twice at most, and has been replaced.
 * @throws when a child outlives its parent for long, or a reaper its last child
 */
export async function killParents(kills: number, random: () => number): Promise<ParentReport> {
  const report: ParentReport = { children: 0, reapers: 0 };
  for (let kill = 0; kill < kills; kill++) {
    const channel = random() < 0.5 ? 'ipc' : 'socket';
    const script = startScript(`
      const { Elsewhere } = await import('${module.href}');
      const options = { channel: '${channel}', enableCallbacks: true, terminateTimeout: 500, stdio: 'ignore' };
      const start = () => procxy(Elsewhere, '${module.href}', options, 'x');
      const [busy, ...remotes] = await Promise.all([procxy(Mortal, mortalUrl, options), start(), start()]);
      console.log([busy, ...remotes].map((remote) => remote.$process.pid).join(' '));
      ${onTold("busy.busyForever().catch(() => {}); console.log('busy');")}
      for (const remote of remotes) remote.map([1, 2, 3], () => new Promise(() => {})).catch(() => {});
      for await (const item of remotes[0].count(1e9)) if (item < 0) break;
    `);
    const pids = (await firstLine(script)).split(' ').map(Number);
    const parent = script.pid ?? 0;
    report.children += pids.length;
    for (let left = Math.floor(random() * 3); left > 0; left--) {
      await sleep(random() * 30);
      if (!killReaper(parent)) continue;
      report.reapers++;
      await until(() => reaperPids(parent).length > 0, 'the reaper was replaced');
    }
    const reapers = reaperPids(parent);
    // The parent answers in a later turn than that in which it started the reaper and named the children to it.
    const busy = firstLine(script);
    tell(script);
    await busy;
    await sleep(random() * 30);
    script.kill('SIGKILL');
    await until(() => [...pids, ...reapers].every((pid) => !isRunning(pid)), 'the children and their reaper have gone');
  }
  return report;
}
