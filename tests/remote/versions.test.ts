import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isCompatible, PROCXY_VERSION, speaksWith } from '../../src/remote/versions.js';

test('the version is that of the package', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  expect(PROCXY_VERSION).toBe(version);
});

test.each([
  ['1.2.3', '1.2.3', true],
  ['1.3.0', '1.2.3', true],
  ['1.2.2', '1.2.3', false],
  ['2.0.0', '1.2.3', false],
  ['0.2.5', '0.2.3', true],
  ['0.3.0', '0.2.3', false],
  ['0.0.3', '0.0.3', true],
  ['0.0.4', '0.0.3', false],
  ['1.2.3-beta.1', '1.2.3', true],
])('%s in the place of %s: %s', (offered, wanted, holds) => {
  expect(isCompatible(offered, wanted)).toBe(holds);
});

test.each([
  ['0.1.0', '0.1.9', true],
  ['0.1.0', '0.2.0', false],
  ['1.1.0', '2.1.0', false],
])('procxy %s speaks with %s: %s', (one, other, holds) => {
  expect(speaksWith(one, other)).toBe(holds);
});
