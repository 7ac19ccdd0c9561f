/** capnweb with one thread, over a MessagePort. */
import { MessageChannel, Worker } from 'node:worker_threads';
import { newMessagePortRpcSession } from 'capnweb';

export const kind = 'thread';

export function start() {
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(new URL('capnweb-child.js', import.meta.url), {
    workerData: port2,
    transferList: [port2],
  });
  const remote = newMessagePortRpcSession(port1);
  return {
    echo: (value) => remote.echo(value),
    ask: (count) => remote.ask(count, (n) => n),
    async stop() {
      await worker.terminate();
    },
  };
}
