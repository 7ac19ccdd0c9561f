import { parentPort } from 'node:worker_threads';
import { expose } from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';

expose(
  {
    echo: (value) => value,
    /** Waits in the end only: each call is answered. */
    async fire(count, callback) {
      const answers = [];
      for (let n = 1; n <= count; n++) answers.push(callback(n));
      await Promise.all(answers);
    },
    async ask(count, callback) {
      for (let n = 1; n <= count; n++) await callback(n);
    },
  },
  nodeEndpoint(parentPort),
);
