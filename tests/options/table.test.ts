import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { optionTable } from '../../src/options/table.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const names = Object.keys(optionTable) as (keyof typeof optionTable)[];

/** The `@default` of each property of an object literal whose name ends with `Options`. */
function documentedDefaults(): Map<string, string> {
  const folder = join(root, 'src/options');
  const found = new Map<string, string>();
  for (const name of readdirSync(folder)) {
    const text = readFileSync(join(folder, name), 'utf8');
    const source = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
    for (const statement of source.statements.filter(ts.isVariableStatement)) {
      const [declaration] = statement.declarationList.declarations;
      const table = declaration?.initializer;
      if (!declaration?.name.getText().endsWith('Options') || !table || !ts.isObjectLiteralExpression(table)) continue;
      for (const property of table.properties) {
        const tag = ts.getJSDocTags(property).find(({ tagName }) => tagName.text === 'default');
        if (tag) found.set(property.name?.getText() ?? '', ts.getTextOfJSDocComment(tag.comment) ?? '');
      }
    }
  }
  return found;
}

/** The cells of the page's table that begins with the column `option`, by the name in the first. */
function documentedTable(): Map<string, { anchor: string; byDefault: string }> {
  const page = readFileSync(join(root, 'docs/reference/options.md'), 'utf8');
  const rows = page.matchAll(/^\| \[`(\w+)`\]\((?:[\w-]+\.md)?#([\w-]+)\) *\| (.*?) *\|/gm);
  return new Map([...rows].map(([, name = '', anchor = '', byDefault = '']) => [name, { anchor, byDefault }]));
}

/** As code shows it. */
function literal(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : JSON.stringify(value);
}

describe('the table of options', () => {
  const defaults = documentedDefaults();

  test.each(names)('documents the real default of %s', (name) => {
    const value = optionTable[name].default;
    if (value === undefined) expect(defaults.get(name)).toMatch(/./);
    else expect(defaults.get(name)).toBe(literal(value));
  });

  test.each(names)('has a default for %s that its kind accepts', (name) => {
    const { kind, default: value } = optionTable[name];
    if (value !== undefined) expect(kind.check(value, name)).toBeUndefined();
    else expect(kind.check(null, name)).toMatch(new RegExp(`^The option \`${name}\` must be .*, but got null\\.$`));
  });

  test.each(names)('says what to write instead of a wrong %s', (name) => {
    expect(optionTable[name].remedy).toMatch(/^[A-Z0-9].*\.$/);
  });
});

describe('the page about options', () => {
  const table = documentedTable();
  const defaults = documentedDefaults();

  test('has the names of the table', () => {
    expect([...table.keys()].toSorted()).toEqual(names.toSorted());
  });

  test.each(names)('has the default of %s', (name) => {
    expect(table.get(name)?.byDefault.replaceAll('`', '')).toBe(defaults.get(name));
  });

  test.each(names)('has a section about %s', (name) => {
    expect(table.get(name)?.anchor.split('-')).toContain(name.toLowerCase());
  });
});
