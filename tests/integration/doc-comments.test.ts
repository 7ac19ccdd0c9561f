import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { root } from '../../site/entries.js';
import { compilerOptions, publicSymbols } from '../support/doc-comments.js';
import { optionPages } from '../support/option-pages.js';
import { textOf } from '../support/pages.js';

const symbols = publicSymbols();
const fixtureNames = [
  ...readFileSync(join(root, 'tests/fixtures/doc-examples.ts'), 'utf8').matchAll(/^export declare \w+ (\w+)/gm),
].map(([, name = '']) => name);

/** The names and codes of errors are documented by their base class, and by the list of errors. */
const inherited = new Set(['name', 'code', '_write', '_writev', '_destroy', '_read']);

test('every public symbol has a description and an example', () => {
  expect(symbols.length).toBeGreaterThan(100);
  expect(symbols.filter(({ text }) => text === '').map(({ name }) => name)).toEqual([]);
  expect(symbols.filter(({ examples }) => !examples.some(Boolean)).map(({ name }) => name)).toEqual([]);
});

test('every member of a public class or interface has a description', () => {
  const missing = symbols.flatMap(({ name, members }) =>
    members
      .filter((member) => member.text === '' && !inherited.has(member.name))
      .map((member) => `${name}.${member.name}`),
  );
  expect([...new Set(missing)]).toEqual([]);
});

describe('the fields', () => {
  const types = new Map(symbols.map(({ name, properties }) => [name, properties]));

  test('of all types of options have a page', () => {
    const named = [...types.keys()].filter((name) => name.endsWith('Options') && name !== 'KnownOptions');
    expect(named.filter((name) => optionPages[name] === undefined)).toEqual([]);
  });

  test.each(Object.entries(optionPages))('of %s are in the reference', (name, pages) => {
    const fields = types.get(name) ?? [];
    expect(fields.length).toBeGreaterThan(0);
    const text = pages.map(textOf).join('\n');
    const isCode = (field: string): boolean => new RegExp(`\`[^\`\\n]*\\b${field}\\b[^\`\\n]*\``).test(text);
    expect(fields.filter((field) => !isCode(field))).toEqual([]);
  });
});

describe('the example', () => {
  const files = new Map(
    symbols.flatMap(({ entry, name, examples }) =>
      examples.map((code, index) => [
        join(root, `tests/${entry.replace('/', '-')}-${name}-${index}.ts`),
        withImports(code),
      ]),
    ),
  );
  const problems = check(files);
  for (const [file] of files) {
    test(`${file.slice(root.length + 'tests/'.length)} compiles`, () => {
      expect(problems.filter((problem) => problem.startsWith(file))).toEqual([]);
    });
  }
});

/** Imports each name that the code uses and does not declare: from the package, Node and the fixtures. */
function withImports(code: string): string {
  const sources = new Map<string, string[]>([
    ['node:child_process', ['spawn']],
    ['node:events', ['once']],
    ['node:net', ['Socket']],
    ['./fixtures/doc-examples.js', fixtureNames],
  ]);
  for (const { entry, name } of symbols) sources.set(entry, [...(sources.get(entry) ?? []), name]);
  const taken = new Set<string>();
  const lines = [...sources].flatMap(([source, names]) => {
    const used = [...new Set(names)].filter(
      (name) => !taken.has(name) && isUsed(name, code) && !isDeclared(name, code),
    );
    for (const name of used) taken.add(name);
    return used.length === 0 ? [] : [`import { ${used.join(', ')} } from '${source}';`];
  });
  return [...lines, code, 'export {};'].join('\n');
}

function isUsed(name: string, code: string): boolean {
  return new RegExp(`(?<![.'\\w])${name}\\b(?!':)`).test(code);
}

function isDeclared(name: string, code: string): boolean {
  return new RegExp(`\\b(const|let|using|class|function|interface|type|import) (\\{ )?${name}\\b`).test(code);
}

/** Compiles files that exist only here. Returns what the compiler says. */
function check(files: ReadonlyMap<string, string>): string[] {
  const options = { ...compilerOptions(), verbatimModuleSyntax: false, noUnusedLocals: false, declaration: false };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.getSourceFile = (name, target, ...rest) => {
    const text = files.get(name);
    return text === undefined ? getSourceFile(name, target, ...rest) : ts.createSourceFile(name, text, target);
  };
  host.fileExists = (name) => files.has(name) || fileExists(name);
  host.readFile = (name) => files.get(name) ?? readFile(name);
  const program = ts.createProgram([...files.keys()], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ file, start = 0, messageText }) => {
    const line = (file?.getLineAndCharacterOfPosition(start).line ?? 0) + 1;
    return `${file?.fileName}:${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
}
