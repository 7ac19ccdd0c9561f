/** tinypool with one child process, and more than its default of one task at a time in it: that is several times as fast. */
import { fileURLToPath } from 'node:url';
import { Tinypool } from 'tinypool';

export const kind = 'process';

export function start({ serialization }) {
  const pool = new Tinypool({
    runtime: 'child_process',
    filename: fileURLToPath(new URL('tinypool-child.js', import.meta.url)),
    minThreads: 1,
    maxThreads: 1,
    concurrentTasksPerWorker: 10_000,
    serialization,
  });
  return {
    echo: (value) => pool.run(value),
    stop: () => pool.destroy(),
  };
}
