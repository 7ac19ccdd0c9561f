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
type Remote = Record<'echo' | 'flood' | 'on' | '$terminate', Method>;

const fixture = (name: string): URL => new URL(`../fixtures/${name}.js`, import.meta.url);
const options = {
  channel: 'socket',
  enableCallbacks: true,
  stdio: ['ignore', 'ignore', 'pipe'],
} satisfies ProcxyOptions;

/** Calls one child so many times, one call after the other, before and while another child floods this process. */
export async function flood(kind: Flood, calls: number): Promise<FloodReport> {
  const neighbour = (await procxy(Elsewhere, fixture('elsewhere'), options, 'x')) as unknown as Remote;
  class Flooding {}
  const hostile = (await procxy(Flooding, fixture('flooding'), options)) as unknown as Remote;
  await time(neighbour, Math.min(calls, 100));
  const quiet = await time(neighbour, calls);

  let ended: Error | undefined;
  await hostile.on('heard', () => {});
  const before = process.memoryUsage.rss();
  let memory = 0;
  const watch = setInterval(() => (memory = Math.max(memory, process.memoryUsage.rss() - before)), 20);
  hostile.flood(kind, (n: number) => n).catch((error: unknown) => (ended = error as Error));
  const flooded = await time(neighbour, calls);
  clearInterval(watch);
  const report = { quiet, flooded, memory, ended };
  await Promise.all([hostile.$terminate(), neighbour.$terminate()]);
  return report;
}

async function time(remote: Remote, calls: number): Promise<number[]> {
  const times: number[] = [];
  for (let n = 0; n < calls; n++) {
    const start = performance.now();
    if ((await remote.echo(n)) !== n) throw new Error('a neighbour got what was not its own');
    times.push(performance.now() - start);
  }
  return times;
}
