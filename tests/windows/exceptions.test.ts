import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../support/packed.js';
import { withoutFiles, withoutTests } from './exceptions.js';

test.each([...Object.keys(withoutFiles), ...Object.keys(withoutTests)])(
  '%s, which has exceptions, is there',
  (file) => {
    expect(existsSync(join(root, file))).toBe(true);
  },
);

describe('the page of the tests on each platform lists', () => {
  const page = readFileSync(join(root, 'docs/platform-tests.md'), 'utf8');
  const [, files = '', tests = ''] = page.split(/^\| reason.*$/m);

  test('each file that is left out, by reason', () => {
    expect(rows(files)).toEqual(byReason(Object.entries(withoutFiles)));
  });

  test('each file of which tests are left out, by reason', () => {
    const reasons = Object.entries(withoutTests).flatMap(([file, parts]) =>
      Object.values(parts).map((reason): [string, string] => [file, reason]),
    );
    expect(rows(tests)).toEqual(byReason(reasons));
  });
});

/** Reads the rows of a table with two columns, to its end. */
function rows(text: string): Record<string, string[]> {
  const [table = ''] = text.split('\n\n', 1);
  const cells = table.split('\n').flatMap((line) => {
    const [, reason, names = ''] = /^\| ([^|]*[^|\s]) *\| ([^|]*[^|\s]) *\|$/.exec(line) ?? [];
    return reason === undefined || /^-+$/.test(reason)
      ? []
      : [[reason, names.replaceAll('`', '').split(', ').toSorted()]];
  });
  return Object.fromEntries(cells) as Record<string, string[]>;
}

function byReason(entries: [file: string, reason: string][]): Record<string, string[]> {
  const listed: Record<string, Set<string>> = {};
  for (const [file, reason] of entries) (listed[reason] ??= new Set()).add(nameOf(file));
  return Object.fromEntries(Object.entries(listed).map(([reason, names]) => [reason, [...names].toSorted()]));
}

/** The name of a file on the page. */
function nameOf(file: string): string {
  return file.replace(/^tests\/(integration\/)?/, '').replace(/\.test\.ts$/, '');
}
