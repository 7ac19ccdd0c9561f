import { usedAfterCollection } from './heap.js';

export class Worker {
  echo(value) {
    return value;
  }

  /** Waits in the end only: each call is answered. */
  async fire(count, callback) {
    const answers = [];
    for (let n = 1; n <= count; n++) answers.push(callback(n));
    await Promise.all(answers);
  }

  async ask(count, callback) {
    for (let n = 1; n <= count; n++) await callback(n);
  }

  askSync(count, callback) {
    for (let n = 1; n <= count; n++) callback(n);
  }

  heapUsed() {
    return usedAfterCollection();
  }
}
