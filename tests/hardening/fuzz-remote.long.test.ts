import { describe, expect, test } from 'vitest';
import { hasNats } from '../support/nats.js';
import { times } from '../support/thorough.js';
import { fuzzClient } from './fuzz-client.js';
import { fuzzHost } from './fuzz-host.js';

const SEED = Date.now() | 0;

describe.runIf(hasNats)(`with the seed ${SEED}`, () => {
  test('a hostile client harms neither its host nor other clients', async () => {
    const frames = times(5000, 200_000);
    const report = await fuzzHost(frames, SEED);
    expect(report.frames).toBeGreaterThan(frames);
    expect(report.started).toBeGreaterThan(0);
    expect(report.calls).toBeGreaterThan(0);
  }, 600_000);

  test('a hostile host harms neither its client nor what this has on other hosts', async () => {
    const instances = times(60, 2000);
    const { made, frames, calls, reasons } = await fuzzClient(instances, SEED);
    // Some get as far as an instance, and some do not.
    expect(made).toBeGreaterThan(0);
    expect(made).toBeLessThan(instances);
    expect(frames).toBeGreaterThan(instances);
    expect(calls).toBeGreaterThan(0);
    expect(reasons.size).toBeGreaterThan(2);
  }, 600_000);
});
