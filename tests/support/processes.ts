import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { childrenOf } from './process-table.js';

const isWindows = process.platform === 'win32';

/** Whether a process runs. A zombie does not count. */
export function isRunning(pid: number): boolean {
  try {
    if (isWindows) return process.kill(pid, 0);
    // A zombie with an `l` has threads that still hold its files and sockets.
    return !/^\s*Z(?!.*l)/.test(execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }));
  } catch {
    return false;
  }
}

/** Ids of this process's children, without the program that finds them. */
export function childPids(): number[] {
  return childrenOf().map(({ pid }) => pid);
}

/** Ids of the shells that end the children of a process if it dies. There is one at most, unless it is being replaced. */
export function reaperPids(parent: number): number[] {
  if (isWindows) return [];
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' });
  return table
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+\/bin\/sh -c # procxy-reaper/.exec(line))
    .filter((match) => Number(match?.[2]) === parent)
    .map((match) => Number(match?.[1]));
}

/** Kills the reaper of a process. Returns whether there was one. */
export function killReaper(parent: number): boolean {
  const [pid] = reaperPids(parent);
  if (pid === undefined) return false;
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false; // It has just ended.
  }
}

/** A proxy, by which its process is found: a child of this process, or one of a host on this machine. */
export interface Located {
  readonly $where: { readonly pid: number | undefined };
}

/** Sends a signal to the process of an instance. If that has ended, nothing happens. */
export function kill({ $where: { pid } }: Located, signal: NodeJS.Signals = 'SIGKILL'): void {
  if (pid === undefined || pid === process.pid) throw new Error(`This is not another process: ${pid}.`);
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** What an error and `$exited` say of a process that {@link kill} ended. Windows ends it with code 1, and reports no signal. */
export const killed = isWindows
  ? { error: { exitCode: 1 }, exited: { code: 1 }, words: 'exited with code 1' }
  : { error: { signal: 'SIGKILL' }, exited: { signal: 'SIGKILL' }, words: 'was ended by SIGKILL' };

/** Open descriptors of this process. Windows does not tell. */
export function openDescriptors(): number {
  if (isWindows) return 0;
  return readdirSync('/proc/self/fd').length;
}

/** How much keeps this process busy: children (the reaper's shell may be among them), descriptors, listeners, and active resources. */
export function leftOpen(): number[] {
  const listeners = process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
  return [Math.max(childPids().length, 1), openDescriptors(), listeners, process.getActiveResourcesInfo().length];
}

/** Resolves when `condition` holds. Rejects if it never does. */
export async function until(condition: () => boolean, what: string, ms = 30_000): Promise<void> {
  const end = performance.now() + ms;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`Never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Blocks this process's event loop until a file exists. */
export function blockUntil(file: string): void {
  const end = performance.now() + 30_000;
  while (!existsSync(file)) if (performance.now() > end) throw new Error(`Never made: ${file}`);
}

/** Blocks this process's event loop for so many ms, without using the processor. */
export function blockFor(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
