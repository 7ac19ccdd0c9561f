import { createBirpc } from 'birpc';
import { usedAfterCollection } from './heap.js';

const rpc = createBirpc(
  {
    echo: (value) => value,
    /** Waits in the end only: each call is answered. */
    async fire(count) {
      const answers = [];
      for (let n = 1; n <= count; n++) answers.push(callback(n));
      await Promise.all(answers);
    },
    async ask(count) {
      for (let n = 1; n <= count; n++) await callback(n);
    },
    heapUsed: usedAfterCollection,
  },
  { post: (message) => process.send(message), on: (listener) => process.on('message', listener) },
);
// Looked up once: rpc is a Proxy.
const { callback } = rpc;
