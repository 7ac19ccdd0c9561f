import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

const TICK_MS = 10;

/** Watches how this process's event loop fares: its longest stall in ms, and how often a 10 ms timer had its turn. */
export async function watchEventLoop() {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  let timerTurns = 0;
  const ticker = setInterval(() => timerTurns++, TICK_MS);
  delay.enable();
  // It measures from one of its samples to the next: a stall counts only with one before it and one after it.
  await sleep(TICK_MS);
  timerTurns = 0;

  return {
    async stop() {
      clearInterval(ticker);
      await sleep(TICK_MS);
      delay.disable();
      return { worstStall: delay.max / 1e6, timerTurns };
    },
  };
}
