/** comlink with one thread. A Buffer is copied, and stays with the caller, as it does with all others here. */
import { Worker } from 'node:worker_threads';
import { proxy, wrap } from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';

export const kind = 'thread';

export function start() {
  const worker = new Worker(new URL('comlink-child.js', import.meta.url));
  const remote = wrap(nodeEndpoint(worker));
  const echo = remote.echo;
  return {
    echo,
    async fire(count) {
      let fired = 0;
      const callback = (n) => {
        fired += n > 0 ? 1 : 0;
      };
      await remote.fire(count, proxy(callback));
      if (fired !== count) throw new Error(`${fired} of ${count} calls came.`);
    },
    ask: (count) =>
      remote.ask(
        count,
        proxy((n) => n),
      ),
    async stop() {
      await worker.terminate();
    },
  };
}
