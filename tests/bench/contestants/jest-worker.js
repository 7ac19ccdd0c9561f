/** jest-worker with one child process. It gives a worker one task at a time, and has no option for more. */
import { fileURLToPath } from 'node:url';
import { Worker } from 'jest-worker';

export const kind = 'process';

export function start({ serialization }) {
  const worker = new Worker(fileURLToPath(new URL('jest-worker-child.js', import.meta.url)), {
    numWorkers: 1,
    exposedMethods: ['echo'],
    forkOptions: { serialization },
  });
  return {
    echo: worker.echo,
    stop: () => worker.end(),
  };
}
