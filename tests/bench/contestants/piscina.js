/**
 * piscina with one thread, which may have many tasks. It is told by `Atomics`, which is the default and, as its documentation says,
 * the faster way. A Buffer is copied, and stays with the caller, as it does with all others here.
 */
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';

export const kind = 'thread';

export function start() {
  const pool = new Piscina({
    filename: fileURLToPath(new URL('piscina-child.js', import.meta.url)),
    minThreads: 1,
    maxThreads: 1,
    concurrentTasksPerWorker: 10_000,
    idleTimeout: Infinity,
  });
  return {
    echo: (value) => pool.run(value),
    stop: () => pool.destroy(),
  };
}
