import { expect, test } from 'vitest';
import { ProtocolError } from 'procxy';
import { flood, floods, type Flood } from './floods.js';

/** No honest child ever sends one of these. */
const violations: readonly Flood[] = [
  'events that nobody listens to',
  'results of unknown calls',
  'ever more properties',
];

test.each(floods)(
  'a flood of %s: 1,000 calls of another child are answered meanwhile, and memory stays bounded',
  async (kind) => {
    const { flooded, memory, ended } = await flood(kind, 1000);
    expect(flooded).toHaveLength(1000);
    expect(memory).toBeLessThan(500_000_000);
    if (violations.includes(kind)) expect(ended).toBeInstanceOf(ProtocolError);
    else expect(ended).toBeUndefined();
  },
  300_000,
);
