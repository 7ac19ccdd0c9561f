/**
 * One contestant of `npm run bench:pools`, in a process of its own, as an application has one pool: no other code competes for the
 * caches and for what V8 has learned about types. `pools.ts` forks it and asks it for one measurement at a time.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { childPids } from '../support/processes.js';
import { WHO } from './contestants/pool-child.js';
import { contestants, type RunningPool } from './pool-contestants.js';

export interface Load {
  /** What each call sends and gets back. */
  value: unknown;
  calls: number;
  inFlight: number;
}

export interface Measured {
  /** Calls per second. */
  rate: number;
  /** µs of CPU for each call, in this process and the pool's, where the system tells. */
  cpu: number;
}

/** What `pools.ts` asks for. Answered by what is measured: ms for `create`, and {@link Measured} for `run`. */
export type Request = { ask: 'create'; size: number } | { ask: 'start'; size: number } | { ask: 'run'; load: Load };

const [name = ''] = process.argv.slice(2);
const make = contestants[name];
if (!make) throw new Error(`There is no contestant called ${name}`);
let pool: RunningPool | undefined;
let children: readonly number[] = [];

/**
 * Starts a pool, and resolves when each of its instances has answered. It asks until then, since an instance that is up early may
 * answer for the others.
 */
async function start(size: number): Promise<RunningPool> {
  const started = await make!(size);
  const answered = new Set<unknown>();
  const ask = async (): Promise<void> => {
    while (answered.size < size) answered.add(await started.echo(WHO));
  };
  await Promise.all(Array.from({ length: size }, ask));
  return started;
}

/** Returns the time in ms until each instance of a new pool has answered. */
async function create(size: number): Promise<number> {
  const begun = performance.now();
  const created = await start(size);
  const time = performance.now() - begun;
  await created.stop();
  return time;
}

/** µs of CPU that this process and the pool's have used. */
function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  const ofThread = (file: string): number => Number(readFileSync(file, 'utf8').split(' ')[0]) / 1000;
  const ofProcess = (pid: number): number => {
    const threads = readdirSync(`/proc/${pid}/task`);
    return threads.reduce((sum, thread) => sum + ofThread(`/proc/${pid}/task/${thread}/schedstat`), 0);
  };
  return process.platform === 'linux' ? user + system + children.reduce((sum, pid) => sum + ofProcess(pid), 0) : NaN;
}

async function run({ echo }: RunningPool, { value, calls, inFlight }: Load): Promise<Measured> {
  let left = calls;
  const cpu = cpuTime();
  const begun = performance.now();
  const work = async (): Promise<void> => {
    while (left-- > 0) await echo(value);
  };
  await Promise.all(Array.from({ length: inFlight }, work));
  const seconds = (performance.now() - begun) / 1000;
  return { rate: calls / seconds, cpu: (cpuTime() - cpu) / calls };
}

async function answer(request: Request): Promise<unknown> {
  if (request.ask === 'create') return create(request.size);
  if (request.ask === 'run') return run(pool!, request.load);
  pool = await start(request.size);
  children = childPids();
  return children.length;
}

process.on('message', (request: Request) => {
  void answer(request).then((value) => process.send!(value));
});
// Without its parent, it ends with its pool.
process.on('disconnect', () => process.exit());
