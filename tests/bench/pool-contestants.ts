import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { procxyPool } from 'procxy';
import { Echo } from './pool-echo.js';

/** A pool that gives back what it gets. */
export interface RunningPool {
  echo(value: unknown): PromiseLike<unknown>;
  stop(): unknown;
}

/** Where the other packages are installed, at first use. */
export const folder = fileURLToPath(new URL('contestants', import.meta.url));
if (!existsSync(`${folder}/node_modules`)) {
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder, stdio: 'inherit' });
}
const child = (name: string): string => `${folder}/${name}-child.js`;

type Peer = new (options: object) => { run(value: unknown): Promise<unknown>; destroy(): Promise<void> };

const { resolve } = createRequire(`${folder}/package.json`);
export const load = async <T>(name: string): Promise<T> => (await import(pathToFileURL(resolve(name)).href)) as T;
const { Tinypool } = await load<{ Tinypool: Peer }>('tinypool');
const {
  default: { Piscina },
} = await load<{ default: { Piscina: Peer } }>('piscina');
const { default: workerpool } = await load<{
  default: {
    pool(
      file: string,
      options: object,
    ): { exec(name: string, args: unknown[]): PromiseLike<unknown>; terminate(force: boolean): unknown };
  };
}>('workerpool');

async function startProcxy(options: {
  size: number;
  serialization?: 'advanced';
  channel?: 'socket';
}): Promise<RunningPool> {
  const pool = await procxyPool(Echo, './pool-echo.js', { maxQueue: 1_000_000, execArgv: [], ...options });
  return { echo: (value) => pool.echo(value), stop: () => pool.$terminate() };
}

/** Starts each contestant with so many instances. piscina has threads, which have the lighter task. */
export const contestants: Record<string, (size: number) => Promise<RunningPool> | RunningPool> = {
  procxy: (size) => startProcxy({ size }),
  'procxy, advanced': (size) => startProcxy({ size, serialization: 'advanced' }),
  "procxy, 'socket'": (size) => startProcxy({ size, channel: 'socket' }),
  tinypool(size) {
    const options = { runtime: 'child_process', filename: child('pool'), minThreads: size, maxThreads: size };
    const pool = new Tinypool(options);
    return { echo: (value) => pool.run(value), stop: () => pool.destroy() };
  },
  workerpool(size) {
    const options = { workerType: 'process', minWorkers: size, maxWorkers: size };
    const pool = workerpool.pool(child('workerpool-echo'), options);
    return { echo: (value) => pool.exec('echo', [value]), stop: () => pool.terminate(true) };
  },
  'piscina (threads)'(size) {
    const pool = new Piscina({ filename: child('pool'), minThreads: size, maxThreads: size, maxQueue: 1_000_000 });
    return { echo: (value) => pool.run(value), stop: () => pool.destroy() };
  },
};
