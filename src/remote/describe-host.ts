import { hostname } from 'node:os';
import type { HostStats } from '../options/host.js';
import type { ResolvedServe } from './serve-options.js';
import { PROCXY_VERSION } from './versions.js';

/** The numbers of a host that change. */
export type HostCounts = Pick<HostStats, 'state' | 'instances' | 'started' | 'kept'>;

/** Describes this process as a host. */
export function describeHost(id: string, { limits, labels, classes }: ResolvedServe, counts: HostCounts): HostStats {
  const { user, system } = process.cpuUsage();
  return {
    id,
    machine: hostname(),
    pid: process.pid,
    procxy: PROCXY_VERSION,
    ...counts,
    limit: limits.instances,
    rss: process.memoryUsage.rss(),
    cpu: Math.round((user + system) / 1000),
    labels,
    classes: Object.fromEntries([...classes].map(([name, { version }]) => [name, version])),
  };
}
