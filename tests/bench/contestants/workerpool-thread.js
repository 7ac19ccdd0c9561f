/** workerpool with one thread. A Buffer is copied, and stays with the caller, as it does with all others here. */
import { startPool } from './workerpool-pool.js';

export const kind = 'thread';

export const start = () => startPool({ workerType: 'thread' });
