import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';

const isWindows = process.platform === 'win32';

/** Whether a process runs. A zombie does not count. */
export function isRunning(pid: number): boolean {
  try {
    if (isWindows) return process.kill(pid, 0);
    return !/^\s*Z/.test(execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }));
  } catch {
    return false;
  }
}

/** Ids of this process's children, without the `ps` that finds them. */
export function childPids(): number[] {
  if (isWindows) return childPidsOnWindows();
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,comm='], { encoding: 'utf8' });
  return table
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, parent, command]) => Number(parent) === process.pid && command !== 'ps')
    .map(([pid]) => Number(pid));
}

/** Under Wine, `wmic` sometimes does not end. */
function processTable(attempts = 5): string {
  const args = ['process', 'get', 'Name,ParentProcessId,ProcessId'];
  try {
    return execFileSync('wmic', args, { encoding: 'utf16le', timeout: 20_000 });
  } catch (error) {
    if (attempts === 1) throw error;
    return processTable(attempts - 1);
  }
}

function childPidsOnWindows(): number[] {
  return processTable()
    .split('\n')
    .map((line) => /^(\S+)\s+(\d+)\s+(\d+)/.exec(line.trim()))
    .filter((match) => Number(match?.[2]) === process.pid && !/^(wmic|start|conhost)/i.test(match?.[1] ?? ''))
    .map((match) => Number(match?.[3]));
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
