import { describe, expect, test } from 'vitest';
import { fuzz } from './fuzz.js';
import { fuzzEnvelopes } from './fuzz-envelopes.js';
import { fuzzHonest } from './honest.js';

/** A few, so that a change that breaks it is seen at once; fuzz.long.test.ts sends many. */
const MESSAGES = 300;
const VALUES = 100;

describe.each(['json', 'advanced'] as const)('in %s mode', (mode) => {
  test.each(['parent', 'child'] as const)(
    `${MESSAGES} messages of any kind harm only their sender: to the %s`,
    async (side) => {
      const { messages, violations } = await fuzz(side, mode, MESSAGES);
      expect(messages).toBeGreaterThanOrEqual(MESSAGES);
      expect(violations).toBeGreaterThan(0);
    },
  );

  test('envelopes of any kind harm only the child that sends them', async () => {
    const { children, ended } = await fuzzEnvelopes(mode, MESSAGES / 3);
    expect(children).toBeGreaterThan(0);
    expect(ended).toBeGreaterThan(0);
  });

  test('values of all kinds arrive whole between sides that keep the protocol, or are refused', async () => {
    const { arrived, refused } = await fuzzHonest(mode, VALUES);
    expect(Math.min(arrived, refused)).toBeGreaterThan(0);
  });
});
