import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../support/packed.js';
import { withoutFiles, withoutTests } from './exceptions.js';

const page = readFileSync(join(root, 'docs/platforms.md'), 'utf8');

test.each([...Object.keys(withoutFiles), ...Object.keys(withoutTests)])(
  '%s, which has exceptions, is there',
  (file) => {
    expect(existsSync(join(root, file))).toBe(true);
  },
);

test('the page of platforms gives each reason', () => {
  const reasons = [...Object.values(withoutFiles), ...Object.values(withoutTests).flatMap(Object.values<string>)];
  expect(reasons.filter((reason) => !page.includes(reason))).toEqual([]);
});
