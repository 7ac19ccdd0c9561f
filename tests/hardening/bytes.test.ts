import { describe, expect, test } from 'vitest';
import { times } from '../support/thorough.js';
import { fuzzBytes } from './bytes.js';
import { fuzzPayloads } from './payloads.js';

const ATTACKS = times(100, 20_000);
const PAYLOADS = times(3000, 1_000_000);

describe.each(['json', 'advanced'] as const)('in %s mode', (mode) => {
  test(`a session continues, or ends with a reason, after each of ${ATTACKS} attacks with bytes of any kind`, async () => {
    const { attacks, alive } = await fuzzBytes(mode, ATTACKS);
    expect(attacks).toBeGreaterThanOrEqual(ATTACKS);
    // Neither all nor none end it, or the bytes are not what they should be.
    expect(alive).toBeGreaterThan(attacks / 10);
    expect(alive).toBeLessThan(attacks * 0.9);
  }, 600_000);

  test(`${PAYLOADS} damaged messages are read, or are errors, and take no memory for bytes that have not arrived`, () => {
    const { payloads, messages } = fuzzPayloads(mode, PAYLOADS);
    expect(payloads).toBeGreaterThanOrEqual(PAYLOADS);
    expect(messages).toBeGreaterThan(payloads / 20);
    expect(messages).toBeLessThan(payloads / 2);
  }, 600_000);
});
