import type { StdioOptions } from 'node:child_process';

/** The channel comes after stdin, stdout and stderr: on one of those, whatever the child prints would be taken for messages. */
export function withIpc(stdio: StdioOptions): Exclude<StdioOptions, string> {
  if (typeof stdio === 'string') return [stdio, stdio, stdio, 'ipc'];
  if (stdio.includes('ipc')) return stdio;
  const standard = Array.from({ length: 3 }, (_, index) => stdio[index] ?? 'inherit');
  return [...standard, ...stdio.slice(3), 'ipc'];
}
