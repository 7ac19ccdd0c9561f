import { fileURLToPath } from 'node:url';
import workerpool from 'workerpool';

export function startPool(options) {
  const pool = workerpool.pool(fileURLToPath(new URL('workerpool-child.js', import.meta.url)), {
    ...options,
    maxWorkers: 1,
  });
  return {
    echo: (value) => pool.exec('echo', [value]),
    // Its functions stay where they are; what a task can do is to emit, and nobody answers that.
    async fire(count) {
      let fired = 0;
      const on = (n) => {
        fired += n > 0 ? 1 : 0;
      };
      await pool.exec('fire', [count], { on });
      if (fired !== count) throw new Error(`${fired} of ${count} events came.`);
    },
    stop: () => pool.terminate(true),
  };
}
