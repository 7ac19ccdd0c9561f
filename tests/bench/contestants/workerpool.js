/** workerpool with one child process. It gives a worker one task at a time, and has no option for more. */
import { startPool } from './workerpool-pool.js';

export const kind = 'process';

export const start = ({ serialization }) => startPool({ workerType: 'process', forkOpts: { serialization } });
