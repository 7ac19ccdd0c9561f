import { expect, test } from 'vitest';
import { OptionsValidationError } from '../../../src/errors.js';
import { overridingOptions } from '../../../src/options/calls.js';
import { checkOptions } from '../../../src/parent/options/check-options.js';

const check = (given: object) => (): void => checkOptions(given, overridingOptions, 'A hint.');

test('options that are valid, or undefined, pass', () => {
  for (const given of [{}, { timeout: 5 }, { timeout: undefined, signal: AbortSignal.abort() }]) {
    expect(check(given)).not.toThrow();
  }
});

test('a wrong value is refused, with what to write instead', () => {
  expect(check({ timeout: -1 })).toThrow(OptionsValidationError);
  expect(check({ timeout: -1 })).toThrow(/`timeout` must be .*, but got -1\. Use 0 or Infinity/);
  expect(check({ signal: {} })).toThrow(/`signal` must be an AbortSignal/);
});

test('an option that the table lacks is refused, with the hint', () => {
  for (const name of ['retries', 'constructor', '__proto__x']) {
    expect(check({ [name]: 1 })).toThrow(OptionsValidationError);
    expect(check({ [name]: 1 })).toThrow(/There is no option.*A hint\.$/);
  }
});
