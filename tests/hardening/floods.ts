import type { ChildProcess } from 'node:child_process';
import { procxy, type ProcxyOptions } from 'procxy';
import { Elsewhere } from '../fixtures/elsewhere.js';

export const floods = [
  'events that are listened to',
  'events that nobody listens to',
  'results of unknown calls',
  'callback invocations',
  'failed callbacks',
  'ever more properties',
  'messages of others',
  'log lines',
] as const;
export type Flood = (typeof floods)[number];

/** No honest child ever sends one of these: the first, or too many, are its end. */
export const violations: ReadonlySet<Flood> = new Set<Flood>([
  'events that nobody listens to',
  'results of unknown calls',
  'ever more properties',
]);

/** So many messages, or chunks of its stderr, show that a flood is under way. */
const UNDER_WAY = 100;

export interface FloodReport {
  /** ms of each call of the neighbour, without the flood and with it. */
  quiet: number[];
  flooded: number[];
  /** Bytes by which this process grew, at the most. */
  memory: number;
  /** Why the flooding child was ended, if it was. */
  ended: Error | undefined;
}

type Method = (...args: unknown[]) => Promise<unknown>;
type Remote = Record<'echo' | 'flood' | 'on' | '$terminate', Method> & { $process: ChildProcess };

const fixture = (name: string): URL => new URL(`../fixtures/${name}.js`, import.meta.url);
const options = {
  channel: 'socket',
  enableCallbacks: true,
  stdio: ['ignore', 'ignore', 'pipe'],
} satisfies ProcxyOptions;

/**
 * Calls one child so many times, before and while another child floods this process.
 * @param inFlight how many calls are open at a time
 */
export async function flood(kind: Flood, calls: number, inFlight = 1): Promise<FloodReport> {
  const neighbour = (await procxy(Elsewhere, fixture('elsewhere'), options, 'x')) as unknown as Remote;
  class Flooding {}
  const hostile = (await procxy(Flooding, fixture('flooding'), options)) as unknown as Remote;
  await time(neighbour, 100, inFlight);
  const quiet = await time(neighbour, calls, inFlight);

  await hostile.on('heard', () => {});
  const before = process.memoryUsage.rss();
  let memory = 0;
  const watch = setInterval(() => (memory = Math.max(memory, process.memoryUsage.rss() - before)), 20);
  const begun = seen(hostile.$process);
  const ending = hostile.flood(kind, (n: number) => n).catch((error: unknown) => error as Error);
  await Promise.race([begun, ending]);
  const flooded = await time(neighbour, calls, inFlight);
  clearInterval(watch);
  // The others never end.
  const ended = violations.has(kind) ? await ending : await Promise.race([ending, undefined]);
  const report = { quiet, flooded, memory, ended: ended as Error | undefined };
  await Promise.all([hostile.$terminate(), neighbour.$terminate()]);
  return report;
}

/** Resolves when a flood is under way. */
function seen(child: ChildProcess): Promise<void> {
  let left = UNDER_WAY;
  return new Promise((resolve) => {
    const count = (): unknown => --left === 0 && resolve();
    child.on('message', count);
    child.stderr?.on('data', count);
  });
}

async function time(remote: Remote, calls: number, inFlight: number): Promise<number[]> {
  const times: number[] = [];
  let next = 0;
  const callInTurn = async (): Promise<void> => {
    while (next < calls) {
      const n = next++;
      const start = performance.now();
      if ((await remote.echo(n)) !== n) throw new Error('a neighbour got what was not its own');
      times.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, callInTurn));
  return times;
}
