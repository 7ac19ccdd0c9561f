import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import * as main from 'procxy';
import * as ipc from 'procxy/ipc';
import * as processProxy from 'procxy/process-proxy';
import * as remote from 'procxy/remote';
import { anchorsOf, linksOf, pages, textOf, titleOf } from '../support/pages.js';
import { Calculator } from '../fixtures/calculator.js';
import { DocumentClient } from '../fixtures/documents.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const map = 'docs/README.md';

for (const page of pages) {
  test(`${page}: every link leads somewhere`, () => {
    const broken = linksOf(page).filter(({ path, anchor }) => {
      if (path === undefined) return false;
      return !existsSync(join(root, path)) || (anchor !== '' && !anchorsOf(path).has(anchor));
    });
    expect(broken.map(({ target }) => target)).toEqual([]);
  });
}

/** The pages in reading order: as the page map lists them in its last section. */
const order = [...new Set(linksOf(map, '## All pages').map(({ path }) => path))];

test('the page map lists every page', () => {
  expect(order.toSorted()).toEqual(pages.filter((page) => page.startsWith('docs/') && page !== map).toSorted());
});

for (const [index, page] of order.entries()) {
  test(`${page} ends with links to the map, the previous and the next page`, () => {
    const link = (text: string, to: string | undefined): string[] =>
      to === undefined
        ? []
        : [`${text}[${text === '' ? 'All pages' : titleOf(to)}](${posix.relative(posix.dirname(page ?? ''), to)})`];
    const expected = [...link('Previous: ', order[index - 1]), ...link('Next: ', order[index + 1]), ...link('', map)];
    expect(
      textOf(page ?? '')
        .trimEnd()
        .split('\n')
        .at(-1),
    ).toBe(expected.join(' · '));
  });
}

test('one table has each member with a $, and says who has it', async () => {
  const module = '../fixtures/calculator.js';
  const heartbeat = { limit: 60_000 };
  const proxy = await main.procxy(Calculator, module, { supportHandles: true, enableCallbacks: true, heartbeat });
  const pool = await main.procxyPool(Calculator, module, { size: 1 });
  const keyed = main.procxyKeyed(Calculator, module);
  const client = await main.procxy(DocumentClient, '../fixtures/documents.js', { enableReferences: true });
  const reference = await client.db('one');
  const holders = { proxy, pool, keyed, key: keyed.get('one'), reference };
  const nameIn = (row: string): string => /`(\$\w+)/.exec(row)?.[1] ?? '';
  const rows = textOf('docs/reference/members.md').match(/^\|[^`|]*`\$.*$/gm) ?? [];
  const listed = Object.fromEntries(rows.map((row) => [nameIn(row), row.split('|')[2]?.trim()]));
  const typed = readdirSync(join(root, 'src/types')).flatMap((file) => {
    const text = readFileSync(join(root, 'src/types', file), 'utf8');
    return [...text.matchAll(/^\s+(?:readonly )?(\$\w+)[(<:]/gm)].map(([, name = '']) => name);
  });
  const own = Object.values(holders).flatMap((holder) => Reflect.ownKeys(holder));
  const names = new Set([...typed, ...own].filter((name) => typeof name === 'string' && name.startsWith('$')));
  const found = [...names].map((name) => {
    const has = ([, holder]: [string, object]): boolean => (holder as Record<PropertyKey, unknown>)[name] !== undefined;
    return [
      name,
      Object.entries(holders)
        .filter(has)
        .map(([holder]) => holder)
        .join(', '),
    ];
  });
  await Promise.all([proxy.$terminate(), pool.$terminate(), keyed.$terminate(), client.$terminate()]);
  expect(listed).toEqual(Object.fromEntries(found));
});

test('the list of errors names each error class and warning', () => {
  const exported = [main, ipc, processProxy, remote].flatMap((entry) => Object.entries<unknown>(entry));
  const classes = exported.filter(
    ([, value]) => typeof value === 'function' && value.prototype instanceof main.ProcxyError,
  );
  const source = readFileSync(join(root, 'src/warnings.ts'), 'utf8');
  const warnings = [...source.matchAll(/^ {2}\| '(PROCXY_\w+)'/gm)].map(([, code]) => code);
  expect(classes.length).toBeGreaterThan(10);
  expect(warnings.length).toBeGreaterThan(5);
  const listed = [...textOf('docs/reference/errors.md').matchAll(/^\| \[?`(\w+)`/gm)].map(([, name]) => name);
  expect([...classes.map(([name]) => name), ...warnings].filter((name) => !listed.includes(name))).toEqual([]);
});

test('the list of errors has each code', () => {
  const source = readFileSync(join(root, 'src/procxy-error.ts'), 'utf8');
  const codes = [...source.matchAll(/^ {2}\| '(PROCXY_\w+)'/gm)].map(([, code]) => code);
  expect(codes.length).toBeGreaterThan(15);
  const listed = [...textOf('docs/reference/errors.md').matchAll(/^\| \[`\w+Error`\]\([^)]+\) +\| `(\w+)`/gm)];
  expect(listed.map(([, code]) => code).toSorted()).toEqual(codes.toSorted());
});

test('broken links are noticed', () => {
  expect(linksOf(map).length).toBeGreaterThan(20);
  expect(anchorsOf('README.md')).toContain('when-not-to-use-it');
  expect(anchorsOf('README.md')).not.toContain('primes');
});
