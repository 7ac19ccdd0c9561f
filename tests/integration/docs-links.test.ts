import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import * as main from 'procxy';
import * as ipc from 'procxy/ipc';
import * as processProxy from 'procxy/process-proxy';
import { anchorsOf, linksOf, pages, textOf, titleOf } from '../support/pages.js';
import { Calculator } from '../fixtures/calculator.js';

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

test('the list of members names each member that a proxy has of its own', async () => {
  const proxy = await main.procxy(Calculator, '../fixtures/calculator.js', { supportHandles: true });
  const own = Reflect.ownKeys(proxy).filter((key) => typeof key === 'string' && key.startsWith('$'));
  await proxy.$terminate();
  const listed = [...textOf('docs/reference/members.md').matchAll(/^\|[^`|]*`(\$\w+)/gm)].map(([, name]) => name);
  expect(listed.toSorted()).toEqual(own.toSorted());
});

test('the list of errors names each error class and warning', () => {
  const exported = [main, ipc, processProxy].flatMap((entry) => Object.entries<unknown>(entry));
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

test('broken links are noticed', () => {
  expect(linksOf(map).length).toBeGreaterThan(20);
  expect(anchorsOf('README.md')).toContain('when-not-to-use-it');
  expect(anchorsOf('README.md')).not.toContain('primes');
});
