import { setTimeout as sleep } from 'node:timers/promises';
import workerpool from 'workerpool';

/** Takes a while, and says which process it was in. */
async function work(ms) {
  await sleep(ms);
  return process.pid;
}

/** tinypool calls the default export, workerpool what is registered. */
export default work;
if (process.argv.includes('workerpool')) workerpool.worker({ work });
