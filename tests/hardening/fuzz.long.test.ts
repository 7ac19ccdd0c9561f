import { describe, expect, test } from 'vitest';
import { times } from '../support/thorough.js';
import { fuzz } from './fuzz.js';
import { fuzzEnvelopes } from './fuzz-envelopes.js';
import { fuzzHonest } from './honest.js';

const MESSAGES = times(2000, 200_000);

describe.each(['json', 'advanced'] as const)('in %s mode', (mode) => {
  test.each(['parent', 'child'] as const)(
    `${MESSAGES} messages of any kind harm only their sender: to the %s`,
    async (side) => {
      const { messages, violations, victims } = await fuzz(side, mode, MESSAGES);
      expect(messages).toBeGreaterThanOrEqual(MESSAGES);
      // Neither all nor none are taken for violations, or the messages are not what they should be.
      expect(violations).toBeGreaterThan(victims / 4);
      expect(violations).toBeLessThan(victims);
    },
    600_000,
  );

  test('envelopes of any kind harm only the child that sends them', async () => {
    const { children, ended } = await fuzzEnvelopes(mode, MESSAGES);
    expect(ended).toBeGreaterThan(children / 4);
  }, 600_000);

  test('values of all kinds arrive whole between sides that keep the protocol, or are refused', async () => {
    const { values, refused } = await fuzzHonest(mode, times(1000, 50_000));
    expect(refused).toBeGreaterThan(values / 50);
    expect(refused).toBeLessThan(values / 2);
  }, 600_000);
});
