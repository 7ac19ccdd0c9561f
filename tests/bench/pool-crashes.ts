/**
 * What the calls of a pool of two come to when one of its processes is killed, and when one call is aborted. `npm run bench:pools`
 * starts it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { procxyPool } from 'procxy';
import { Crashing } from './crashing.js';
import { folder, load } from './pool-contestants.js';

type Peer = new (options: object) => {
  run(value: unknown, options?: { signal: AbortSignal }): Promise<unknown>;
  destroy(): Promise<void>;
};
interface Cancellable extends PromiseLike<unknown> {
  cancel(): unknown;
}
const { Tinypool } = await load<{ Tinypool: Peer }>('tinypool');
const { default: workerpool } = await load<{
  default: {
    pool(
      file: string,
      options: object,
    ): { exec(name: string, args: unknown[]): Cancellable; terminate(force: boolean): unknown };
  };
}>('workerpool');

const child = `${folder}/crashing-child.js`;
const SIZE = 2;
/** ms that a call takes. */
const WORK = 300;
const CALLS = 8;

interface Pool {
  work(signal?: AbortSignal): PromiseLike<unknown>;
  stop(): unknown;
}

const pools: Record<string, () => Promise<Pool> | Pool> = {
  async procxy() {
    const restart = { minDelay: 1, onRestart: () => {} };
    const pool = await procxyPool(Crashing, './crashing.js', { size: SIZE, restart, execArgv: [] });
    return { work: (signal) => (signal ? pool.$with({ signal }) : pool).work(WORK), stop: () => pool.$terminate() };
  },
  tinypool() {
    const pool = new Tinypool({
      runtime: 'child_process',
      filename: child,
      minThreads: SIZE,
      maxThreads: SIZE,
      concurrentTasksPerWorker: 1,
    });
    return { work: (signal) => pool.run(WORK, signal && { signal }), stop: () => pool.destroy() };
  },
  workerpool() {
    const forkArgs = ['workerpool'];
    const pool = workerpool.pool(child, { workerType: 'process', minWorkers: SIZE, maxWorkers: SIZE, forkArgs });
    return {
      work(signal) {
        const call = pool.exec('work', [WORK]);
        signal?.addEventListener('abort', () => cancel(call));
        return call;
      },
      stop: () => pool.terminate(true),
    };
  },
};

function cancel(call: Cancellable): void {
  try {
    call.cancel();
  } catch {
    // It throws what the call rejects with.
  }
}

/** How many calls have come to what, and after how long the last one did. */
async function outcomes(calls: readonly PromiseLike<unknown>[]): Promise<string> {
  const counts = { answered: 0, rejected: 0 };
  const begun = performance.now();
  let last = 0;
  const all = calls.map(async (call) => {
    const isAnswered = await Promise.resolve(call).then(
      () => true,
      () => false,
    );
    counts[isAnswered ? 'answered' : 'rejected']++;
    last = performance.now() - begun;
  });
  await Promise.race([Promise.all(all), sleep(10_000)]);
  const unsettled = calls.length - counts.answered - counts.rejected;
  return `${counts.answered} answered, ${counts.rejected} rejected, ${unsettled} never settled, ${last.toFixed(0)} ms`;
}

for (const [name, start] of Object.entries(pools)) {
  let pool = await start();
  await Promise.all([pool.work(), pool.work()]);
  const pid = (await pool.work()) as number;
  let calls = Array.from({ length: CALLS }, () => pool.work());
  await sleep(WORK / 3);
  process.kill(pid, 'SIGKILL');
  console.log(`${name}: a process is killed: ${await outcomes(calls)}`);
  await pool.stop();

  pool = await start();
  const before = new Set([await Promise.all([pool.work(), pool.work()])].flat());
  const controller = new AbortController();
  calls = [pool.work(controller.signal), ...Array.from({ length: CALLS - 1 }, () => pool.work())];
  await sleep(WORK / 3);
  controller.abort(new Error('no longer needed'));
  const result = await outcomes(calls);
  const after = await Promise.all([pool.work(), pool.work()]);
  const killed = after.filter((each) => !before.has(each)).length;
  console.log(`${name}: a running call is aborted: ${result}, ${killed} processes replaced`);
  await pool.stop();
}
process.exit();
