import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { keyedOptions } from '../../src/options/keyed.js';
import { poolOptions } from '../../src/options/pool.js';

const page = readFileSync(new URL('../../docs/reference/pool-options.md', import.meta.url), 'utf8');

test.each([
  ['Pools', poolOptions],
  ['Keys', keyedOptions],
])('the reference lists each option of %s, with its default', (title, table) => {
  const section = page.split(`## ${title}\n`)[1]?.split('\n## ')[0] ?? '';
  const rows = [...section.matchAll(/^\| \[`(\w+)`\]\(#(\w+)\)\s*\| (.*?)\s*\|/gm)];
  expect(rows.map(([, name]) => name)).toEqual(Object.keys(table).toSorted());
  for (const [, name = '', anchor = '', shown = ''] of rows) {
    expect(page).toMatch(new RegExp(`^## ${name}$`, 'm'));
    expect(anchor).toBe(name.toLowerCase());
    const { default: value } = table[name as keyof typeof table] as { default: unknown };
    if (typeof value === 'number') expect(shown).toBe(`\`${value}\``);
    if (typeof value === 'string') expect(shown).toBe(`\`'${value}'\``);
  }
});
