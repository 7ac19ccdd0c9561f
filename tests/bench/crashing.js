import { setTimeout as sleep } from 'node:timers/promises';

export class Crashing {
  /** @param {number} ms */
  async work(ms) {
    await sleep(ms);
    return process.pid;
  }
}
