import { afterAll, beforeAll, expect, test } from 'vitest';
import { ProtocolError } from 'procxy';
import { flood, floods, violations } from './floods.js';

// Node's own print the warnings that a flood brings.
const printing = process.listeners('warning');
beforeAll(() => void process.removeAllListeners('warning'));
afterAll(() => {
  for (const listener of printing) process.on('warning', listener);
});

test.each(floods)(
  'a flood of %s: 1,000 calls of another child are answered meanwhile, and memory stays bounded',
  async (kind) => {
    const { flooded, memory, ended } = await flood(kind, 1000, 50);
    expect(flooded).toHaveLength(1000);
    expect(memory).toBeLessThan(500_000_000);
    if (violations.has(kind)) expect(ended).toBeInstanceOf(ProtocolError);
    else expect(ended).toBeUndefined();
  },
  300_000,
);
