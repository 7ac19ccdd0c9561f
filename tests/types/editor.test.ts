import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { optionTable } from '../../src/options/table.js';

const here = fileURLToPath(new URL('.', import.meta.url));
const file = join(here, 'edited.ts');

const compilerOptions: ts.CompilerOptions = {
  module: ts.ModuleKind.NodeNext,
  target: ts.ScriptTarget.ES2023,
  lib: ['lib.es2023.d.ts'],
  strict: true,
  skipLibCheck: true,
  types: ['node'],
};

/** The program that is being edited. The service reads a file again only when its version has changed. */
const program = { text: '', version: 0 };

function read(path: string): string | undefined {
  return path === file ? program.text : ts.sys.readFile(path);
}

const service = ts.createLanguageService({
  getScriptFileNames: () => [file],
  getScriptVersion: (path) => (path === file ? String(program.version) : '1'),
  getScriptSnapshot(path) {
    const content = read(path);
    return content === undefined ? undefined : ts.ScriptSnapshot.fromString(content);
  },
  getCurrentDirectory: () => here,
  getCompilationSettings: () => compilerOptions,
  getDefaultLibFileName: ts.getDefaultLibFilePath,
  fileExists: (path) => path === file || ts.sys.fileExists(path),
  readFile: read,
  directoryExists: ts.sys.directoryExists,
  getDirectories: ts.sys.getDirectories,
});

/** Opens a program in an editor, with the cursor at the `|`. */
function edit(...lines: string[]): number {
  const text = ["import { classFrom, procxy, type ProcxyOptions } from 'procxy';", ...lines].join('\n');
  program.text = text.replace('|', '');
  program.version++;
  return text.indexOf('|');
}

function completions(cursor: number): string[] {
  return service.getCompletionsAtPosition(file, cursor, {})?.entries.map(({ name }) => name) ?? [];
}

function completionDoc(cursor: number, name: string): string {
  const details = service.getCompletionEntryDetails(file, cursor, name, {}, undefined, {}, undefined);
  return ts.displayPartsToString(details?.documentation);
}

function hover(cursor: number): { doc: string; default: string | undefined } {
  const info = service.getQuickInfoAtPosition(file, cursor);
  const tag = info?.tags?.find(({ name }) => name === 'default');
  return { doc: ts.displayPartsToString(info?.documentation), default: tag && ts.displayPartsToString(tag.text) };
}

const job = 'class Job { run(): number { return 1; } }';
const worker = 'class Worker { constructor(readonly name: string) {} }';
const store =
  'class Store { private constructor() {} static open(file: string): Store { return new Store(); } static version = 1; }';
const names = Object.keys(optionTable);

describe('an editor', () => {
  test.each([
    ['without a module', [job, 'procxy(Job, { ti| });']],
    ['after a module', [job, "procxy(Job, './job.js', { ti| });"]],
    ['before constructor arguments', [worker, "procxy(Worker, './worker.js', { ti| }, 'name');"]],
    ['for a class with constructor arguments', [worker, 'procxy(Worker, { ti| });']],
  ])('completes the names of all options %s', (_where, lines) => {
    const cursor = edit(...lines);
    expect(completions(cursor).toSorted()).toEqual(names.toSorted());
    expect(completionDoc(cursor, 'timeout')).toMatch(/^ms that a call may take/);
  });

  test.each([
    ['serialization', [job, "procxy(Job, { serialization: '|' });"], ['json', 'advanced']],
    ['channel', [job, "procxy(Job, './job.js', { channel: '|' });"], ['ipc', 'socket']],
    ['create', [store, "procxy(Store, { create: '|' });"], ['open']],
    ['create for a reference', [store, "procxy(classFrom<typeof Store>('./store.js'), { create: '|' });"], ['open']],
    ['heartbeat.onBlocked', [job, "procxy(Job, { heartbeat: { onBlocked: '|' } });"], ['warn', 'terminate']],
  ])('completes the values of %s', (_name, lines, values) => {
    expect(completions(edit(...lines)).toSorted()).toEqual(values.toSorted());
  });

  test.each([
    [[job, 'procxy(Job, { time|out: 5 });'], /^ms that a call may take.*TimeoutError/, '30000'],
    [[job, "procxy(Job, './job.js', { serial|ization: 'json' });"], /^How values travel/, "'json'"],
    [[job, 'procxy(Job, { heartbeat: { lim|it: 500 } });'], /^ms without a sign of life/, '5000'],
    [
      [job, 'const job = await procxy(Job); job.$with({ sig|nal: undefined });'],
      /^When it aborts, the call rejects/,
      undefined,
    ],
  ] as const)('shows the documentation of an option: %s', (lines, doc, byDefault) => {
    const shown = hover(edit(...lines));
    expect(shown.doc).toMatch(doc);
    expect(shown.default).toBe(byDefault);
  });

  test('has documentation for every option', () => {
    const cursor = edit('const options: ProcxyOptions = { | };');
    const undocumented = names.filter((name) => completionDoc(cursor, name) === '');
    expect(undocumented).toEqual([]);
  });

  const counter = [
    'class Counter {',
    '  /** Counts on. */',
    '  add(by: number): number { return by; }',
    '  /** Where it stands. */',
    '  count = 0;',
    '  /** Waits. */',
    '  async settle(): Promise<void> {}',
    '}',
    'const counter = await procxy(Counter, { timeout: 5 });',
  ];

  describe.each([
    ['a synchronous method', 'add', 'counter.a|dd(1);', /^Counts on\./],
    ['an asynchronous method', 'settle', 'counter.se|ttle();', /^Waits\./],
    ['a property', 'count', 'counter.co|unt;', /^Where it stands\./],
  ])('knows %s of the class on a proxy', (_what, name, use, doc) => {
    const uses = () => edit(...counter, use);
    const used = (cursor: number) => program.text.lastIndexOf(name, cursor);
    const declared = () => program.text.search(new RegExp(`(?<=^  (async )?)${name}\\b`, 'm'));

    test('and shows its documentation', () => {
      expect(hover(uses()).doc).toMatch(doc);
      expect(completionDoc(edit(...counter, 'counter.|'), name)).toMatch(doc);
    });

    test('and goes to its definition', () => {
      const cursor = uses();
      const starts = service.getDefinitionAtPosition(file, cursor)?.map(({ textSpan }) => textSpan.start);
      expect(starts).toEqual([declared()]);
    });

    test('and finds its uses, from either end', () => {
      const cursor = uses();
      const expected = [declared(), used(cursor)];
      for (const from of [cursor, declared()]) {
        const found = service.findReferences(file, from)?.flatMap(({ references }) => references);
        expect(found?.map(({ textSpan }) => textSpan.start).toSorted((a, b) => a - b)).toEqual(expected);
      }
    });

    test('and renames both', () => {
      const cursor = uses();
      const expected = [declared(), used(cursor)];
      for (const from of [cursor, declared()]) {
        const found = service.findRenameLocations(file, from, false, false, {});
        expect(found?.map(({ textSpan }) => textSpan.start).toSorted((a, b) => a - b)).toEqual(expected);
      }
    });
  });
});
