import { readdirSync, readFileSync } from 'node:fs';

/** The processes that have `PROCXY_MARK=<mark>` in their environment. */
export function markedProcesses(mark: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && environmentOf(pid).includes(`PROCXY_MARK=${mark}`));
}

/** Signals a process, unless it has ended. */
export function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has just ended.
  }
}

function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return []; // It has just ended.
  }
}
