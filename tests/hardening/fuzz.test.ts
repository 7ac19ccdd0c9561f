import { describe, expect, test } from 'vitest';
import { fuzz } from './fuzz.js';

/** A few, so that a change that breaks it is seen at once; fuzz.long.test.ts sends many. */
const MESSAGES = 300;

describe.each(['json', 'advanced'] as const)('in %s mode', (mode) => {
  test.each(['parent', 'child'] as const)(
    `${MESSAGES} messages of any kind harm only their sender: to the %s`,
    async (side) => {
      const { messages, violations } = await fuzz(side, mode, MESSAGES);
      expect(messages).toBeGreaterThanOrEqual(MESSAGES);
      expect(violations).toBeGreaterThan(0);
    },
  );
});
