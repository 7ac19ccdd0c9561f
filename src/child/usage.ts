import { loopUtilization } from '../clock.js';
import type { ProcessUsage } from '../protocol.js';

/** What this process uses. */
export function usage(): ProcessUsage {
  const { user, system } = process.cpuUsage();
  return { rss: process.memoryUsage.rss(), cpu: (user + system) / 1000, utilization: loopUtilization() };
}
