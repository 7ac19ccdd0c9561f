/** Bare messages of `child_process.fork()`, with the least that an answer needs to find who waits for it: what the others are held against. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export const kind = 'process';

/** More calls than are ever under way. */
const LAST_BITS = 2 ** 16 - 1;

export async function start({ serialization }) {
  const child = fork(fileURLToPath(new URL('raw-child.js', import.meta.url)), { serialization });
  // By the last bits of the number. With a Map a burst takes a tenth longer.
  const waiting = [];
  let calls = 0;
  let fired = 0;
  child.on('message', (message) => {
    if (message.ask) child.send({ answer: message.ask });
    else if (message.fired) fired++;
    else {
      waiting[message.id & LAST_BITS](message.value);
      waiting[message.id & LAST_BITS] = undefined;
    }
  });
  const request = (message) =>
    new Promise((resolve) => {
      waiting[++calls & LAST_BITS] = resolve;
      message.id = calls;
      child.send(message);
    });
  return {
    echo: (value) => request({ value }),
    // Nobody answers these.
    async fire(count) {
      fired = 0;
      await request({ fire: count });
      if (fired !== count) throw new Error(`${fired} of ${count} messages came.`);
    },
    ask: (count) => request({ asks: count }),
    heapUsed: () => request({ heap: true }),
    async stop() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}
