import { afterAll, describe, expect, test } from 'vitest';
import { optionTable } from '../../src/options/table.js';
import type { Editor } from './editors.js';

const job = 'class Job { run(): number { return 1; } }';
const worker = 'class Worker { constructor(readonly name: string) {} }';
const list = 'class List { constructor(readonly options: { deep: boolean }, ...more: number[]) {} }';
const sorter = 'class Sorter { constructor(readonly compare: (a: string, b: string) => number) {} }';
const any = 'class Anything { constructor(readonly value: any) {} }';
const store =
  'class Store { private constructor() {} static open(file: string): Store { return new Store(); } static version = 1; }';
const names = Object.keys(optionTable);

/** What an editor shows of a program, whose cursor is at the `|`. */
export function checkEditor(compiler: string, makeEditor: (compiler: string) => Editor): void {
  describe(`an editor with ${compiler}`, () => {
    const editor = makeEditor(compiler);
    afterAll(() => editor.close());

    /** Matches documentation, where the editor shows any of mapped types. */
    const documented = (doc: RegExp): RegExp => (editor.documentsMappedTypes ? doc : /^$/);

    /** The program that is open, without the cursor. */
    let program = '';

    function edit(...lines: string[]): number {
      const imports = "import { classFrom, procxy, procxyKeyed, procxyPool, type ProcxyOptions } from 'procxy';";
      const text = [imports, ...lines].join('\n');
      program = text.replace('|', '');
      editor.open(program);
      return text.indexOf('|');
    }

    test.each([
      ['without a module', [job, 'procxy(Job, { ti| });']],
      ['after a module', [job, "procxy(Job, './job.js', { ti| });"]],
      ['after the address of a module', [job, "procxy(Job, new URL('./job.js', import.meta.url), { ti| });"]],
      ['before constructor arguments', [worker, "procxy(Worker, { ti| }, 'name');"]],
      ['between a module and constructor arguments', [worker, "procxy(Worker, './worker.js', { ti| }, 'name');"]],
      ['for a class with constructor arguments', [worker, 'procxy(Worker, { ti| });']],
      ['before an object', [list, 'procxy(List, { ti| }, { deep: true }, 4);']],
      ['between a module and an object', [list, "procxy(List, './list.js', { ti| }, { deep: true }, 4);"]],
      ['before a function', [sorter, 'procxy(Sorter, { ti| }, (a, b) => a.localeCompare(b));']],
      ['before an argument of any type', [any, 'procxy(Anything, { ti| }, 4);']],
      ['for a reference', [worker, "procxy(classFrom<typeof Worker>('./worker.js'), { ti| }, 'name');"]],
    ])('completes the names of all options %s', async (_where, lines) => {
      const cursor = edit(...lines);
      expect((await editor.completions(cursor)).toSorted()).toEqual(names.toSorted());
      expect(await editor.completionDoc(cursor, 'timeout')).toMatch(documented(/^ms that a call may take/));
    });

    test.each([
      ['an option', [job, 'procxy(Job, { retries: 1, ti| });'], 'retries'],
      ['an option and a module', [worker, "procxy(Worker, './worker.js', { retries: 1, ti| }, 'name');"], 'retries'],
      ['create', [store, "procxy(Store, { create: 'open', ti| }, 'file');"], 'create'],
      ['create and a module', [store, "procxy(Store, './store.js', { create: 'open', ti| }, 'file');"], 'create'],
    ])('completes the names of all other options after %s', async (_what, lines, given) => {
      const offered = await editor.completions(edit(...lines));
      expect(offered.toSorted()).toEqual(names.filter((name) => name !== given).toSorted());
    });

    test.each([
      ['a pool', [worker, 'procxyPool(Worker, { ti| });'], ['size', 'maxQueue', 'timeout', 'setup']],
      ['a pool of a module', [worker, "procxyPool(Worker, './worker.js', { ti| }, 'name');"], ['size', 'timeout']],
      ['a pool with arguments', [worker, "procxyPool(Worker, { ti| }, 'name');"], ['size', 'timeout', 'setup']],
      ['instances by key', [worker, 'procxyKeyed(Worker, { ti| });'], ['save', 'restore', 'timeout', 'idleTimeout']],
      ['instances by key of a module', [worker, "procxyKeyed(Worker, './worker.js', { ti| });"], ['save', 'timeout']],
    ])('completes the options of %s', async (_what, lines, some) => {
      const offered = await editor.completions(edit(...lines));
      expect(offered).toEqual(expect.arrayContaining(some));
      expect(offered).not.toContain('href');
    });

    test.each([
      ['serialization', [job, "procxy(Job, { serialization: '|' });"], ['json', 'advanced']],
      [
        'serialization before arguments',
        [worker, "procxy(Worker, { serialization: '|' }, 'name');"],
        ['json', 'advanced'],
      ],
      ['serialization after others', [job, "procxy(Job, { retries: 1, serialization: '|' });"], ['json', 'advanced']],
      [
        'serialization of a pool',
        [worker, "procxyPool(Worker, { serialization: '|' }, 'name');"],
        ['json', 'advanced'],
      ],
      ['channel', [job, "procxy(Job, './job.js', { channel: '|' });"], ['ipc', 'socket']],
      ['create', [store, "procxy(Store, { create: '|' });"], ['open']],
      ['create before arguments', [store, "procxy(Store, './store.js', { create: '|' }, 'file');"], ['open']],
      ['create for a reference', [store, "procxy(classFrom<typeof Store>('./store.js'), { create: '|' });"], ['open']],
      ['heartbeat.onBlocked', [job, "procxy(Job, { heartbeat: { onBlocked: '|' } });"], ['warn', 'terminate']],
    ])('completes the values of %s', async (_name, lines, values) => {
      expect((await editor.completions(edit(...lines))).toSorted()).toEqual(values.toSorted());
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
    ] as const)('shows the documentation of an option: %s', async (lines, doc, byDefault) => {
      const shown = await editor.hover(edit(...lines));
      expect(shown.doc).toMatch(documented(doc));
      expect(shown.byDefault).toBe(editor.documentsMappedTypes ? byDefault : undefined);
    });

    test('has documentation for every option', async () => {
      const cursor = edit('const options: ProcxyOptions = { | };');
      for (const name of names) expect(await editor.completionDoc(cursor, name), name).toMatch(documented(/./));
    });

    test('documents mapped types of the language as it does ours', async () => {
      const cursor = edit(
        'interface Row {',
        '  /** Its key. */',
        '  id: number;',
        '}',
        'declare const row: Readonly<Row>; row.i|d;',
      );
      expect((await editor.hover(cursor)).doc).toMatch(documented(/^Its key\.$/));
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
      const used = (cursor: number) => program.lastIndexOf(name, cursor);
      const declared = () => program.search(new RegExp(`(?<=^  (async )?)${name}\\b`, 'm'));

      test('and shows its documentation', async () => {
        expect((await editor.hover(uses())).doc).toMatch(documented(doc));
        expect(await editor.completionDoc(edit(...counter, 'counter.|'), name)).toMatch(documented(doc));
      });

      test('and goes to its definition', async () => {
        const cursor = uses();
        expect(await editor.definition(cursor)).toEqual([declared()]);
      });

      test('and finds its uses, from either end', async () => {
        const cursor = uses();
        for (const from of [cursor, declared()]) {
          expect(await editor.references(from)).toEqual([declared(), used(cursor)]);
        }
      });

      test('and renames both', async () => {
        const cursor = uses();
        for (const from of [cursor, declared()]) {
          expect(await editor.rename(from)).toEqual([declared(), used(cursor)]);
        }
      });
    });
  });
}
