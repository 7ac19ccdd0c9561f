import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { overview, themes } from '../../site/overview.js';

test.each(Object.entries(themes))('the %s picture of the README is what its program draws', (name, theme) => {
  const file = new URL(`../../docs/overview-${name}.svg`, import.meta.url);
  expect(readFileSync(file, 'utf8')).toBe(overview(theme));
});
