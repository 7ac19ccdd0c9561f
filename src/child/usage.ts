import type { ProcessUsage } from '../protocol.js';

type Utilization = ReturnType<typeof import('node:perf_hooks').performance.eventLoopUtilization>;

let before: Utilization | undefined;

/** What this process uses. The event loop's share counts from one look to the next. */
export function usage(): ProcessUsage {
  const { user, system } = process.cpuUsage();
  // Loaded when it is first asked for: it costs 0.8 MB.
  const { performance } = process.getBuiltinModule('node:perf_hooks');
  const now = performance.eventLoopUtilization();
  const { utilization } = before ? performance.eventLoopUtilization(now, before) : now;
  before = now;
  return { rss: process.memoryUsage.rss(), cpu: (user + system) / 1000, utilization };
}
