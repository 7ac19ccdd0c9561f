import type { Histogram } from '../../types/pool.js';

/** How long calls have waited and run, in ms. */
export class FleetTimes {
  readonly waitTime = histogram();
  readonly runTime = histogram();

  wait(time: number): void {
    record(this.waitTime, time);
  }

  run(time: number): void {
    record(this.runTime, time);
  }
}

function histogram(): Histogram {
  // Loaded by the first pool only: it costs 0.8 MB.
  return process.getBuiltinModule('node:perf_hooks').createHistogram();
}

/** The smallest value of a histogram is 1. */
function record(into: Histogram, time: number): void {
  into.record(Math.max(Math.round(time), 1));
}
