import type { ProcessUsage } from '../protocol.js';

/** A child may send whatever it likes. */
export function checkUsage(given: unknown): ProcessUsage | undefined {
  const { rss, cpu, utilization } = (given ?? {}) as Record<keyof ProcessUsage, unknown>;
  const isUsage = [rss, cpu, utilization].every((each) => typeof each === 'number');
  return isUsage ? ({ rss, cpu, utilization } as ProcessUsage) : undefined;
}
