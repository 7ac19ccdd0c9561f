/** This library as it is built. Its options are the defaults, but for those that a row names. */
import { procxy, sync } from '../../../dist/index.js';
import { Worker } from './procxy-child.js';

export const kind = 'process';

const optionsOf = ({ serialization, busyPoll, enableCallbacks, channel }) => ({
  ...(channel && { channel }),
  ...(serialization && { serialization }),
  ...(busyPoll && { busyPoll }),
  ...(enableCallbacks && { enableCallbacks }),
});

export async function prepare(settings) {
  if (settings.isWarm) await procxy.warm(1, optionsOf(settings));
}

export async function start(settings) {
  const worker = await procxy(Worker, './procxy-child.js', optionsOf(settings));
  return {
    echo: worker.echo,
    async fire(count) {
      let fired = 0;
      await worker.fire(count, (n) => {
        fired += n > 0 ? 1 : 0;
      });
      if (fired !== count) throw new Error(`${fired} of ${count} calls came.`);
    },
    ask: (count) => worker.ask(count, (n) => n),
    askSync: (count) =>
      worker.askSync(
        count,
        sync((n) => n),
      ),
    heapUsed: () => worker.heapUsed(),
    stop: () => worker.$terminate(),
  };
}
