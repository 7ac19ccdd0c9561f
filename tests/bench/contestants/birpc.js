/** birpc over the messages of `child_process.fork()`. It hands on what Node serializes, so the mode is Node's. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createBirpc } from 'birpc';

export const kind = 'process';

export function start({ serialization }) {
  const child = fork(fileURLToPath(new URL('birpc-child.js', import.meta.url)), { serialization });
  let called = 0;
  const rpc = createBirpc(
    {
      callback(n) {
        called++;
        return n;
      },
    },
    { post: (message) => child.send(message), on: (listener) => child.on('message', listener) },
  );
  const echo = rpc.echo;
  return {
    echo,
    async fire(count) {
      called = 0;
      await rpc.fire(count);
      if (called !== count) throw new Error(`${called} of ${count} calls came.`);
    },
    ask: rpc.ask,
    heapUsed: rpc.heapUsed,
    async stop() {
      rpc.$close();
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}
