import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { usersFlags } from './users-flags.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const here = fileURLToPath(new URL('.', import.meta.url));

interface Report {
  code: number;
  output: string;
}

/** Compiles files against the built package's declarations, as a user's project would. */
function compile(compiler: string, files: string[]): Promise<Report> {
  const lib = ['--lib', 'es2023,esnext.disposable', '--skipLibCheck'];
  // The others refuse to be given files where a tsconfig.json is.
  if (compiler !== 'typescript') lib.push('--ignoreConfig');
  const tsc = join(root, 'node_modules', compiler, 'bin', 'tsc');
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [tsc, ...usersFlags, '--pretty', 'false', ...lib, ...files],
      { cwd: root },
      (error, stdout, stderr) => {
        resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr });
      },
    );
  });
}

const tests = [
  'methods.ts',
  'properties-and-events.ts',
  'advanced.ts',
  'callbacks.ts',
  'streams.ts',
  'options.ts',
  'creation.ts',
  'references.ts',
  'signatures.ts',
].map((file) => join(here, file));

/** Whether what must compile does under a compiler, and what must not does not. */
export function checkTypes(compiler: string): void {
  describe(`the types under ${compiler}`, () => {
    let folder: string;
    beforeAll(() => {
      folder = mkdtempSync(join(here, 'wrong-'));
    });
    afterAll(() => rmSync(folder, { recursive: true }));

    test('hold', async () => {
      expect(await compile(compiler, tests)).toEqual({ code: 0, output: '' });
    });

    test('say why a call on a result that has not arrived cannot be made', async () => {
      const file = join(folder, 'unawaited.ts');
      const lines = [
        ['db.prepare().pipe();', 'calls nothing on a result that has not arrived. Await the result first.'],
        ["db.prepare().$get('source');", 'Other code looks for this name on promises'],
        ['db.prepare()._hidden();', 'Other code looks for this name on promises'],
        ['db.prepare().all();', undefined],
        ['db.prepare().run().all();', undefined],
        ['db.use(db.prepare());', undefined],
        [
          "db.feed().on('x', () => {});",
          'Listeners are added to a reference that has arrived. Await the result first.',
        ],
        ['db.find().all();', 'This result may be something else than a reference. Await it, and check what it is.'],
        ['db.rows().all();', "Property 'all' does not exist on type"],
        ['db.prepare().source;', "Property 'source' does not exist on type"],
        ['db.prepare().missing();', "Property 'missing' does not exist on type"],
        ['db.use([db.prepare()]);', 'is not assignable to parameter of type'],
        ['db.use(Promise.resolve(5));', 'is not assignable to parameter of type'],
        ['copied.prepare().all();', "Property 'all' does not exist on type 'Promise<{"],
      ] as const;
      writeFileSync(
        file,
        `import { EventEmitter } from 'node:events';
        import type { Procxy } from 'procxy';
        class Statement {
          #rows: string[] = []; readonly source = ''; all(): string[] { return this.#rows; } run(): this { return this; }
          pipe(): void {} _hidden(): void {}
        }
        class Feed extends EventEmitter { read(): void {} }
        interface Db { prepare(): Statement; find(): Statement | null; rows(): string[]; feed(): Feed; use(s: Statement): void; }
        declare const db: Procxy<Db, { enableReferences: true }>;
        declare const copied: Procxy<Db>;
        export const unused = [Statement, Feed];
        ${lines.map(([line]) => `void ${line}`).join('\n')}
        `,
      );
      const { output } = await compile(compiler, [file]);
      const errors = output.split(/^(?=\S*unawaited\.ts\()/m);
      const found = lines.map((_, index) =>
        errors.filter((error) => error.startsWith(`${relative(root, file)}(${index + 12},`)),
      );
      for (const [index, [line, text]] of lines.entries()) {
        if (text === undefined) expect([line, found[index]]).toEqual([line, []]);
        else expect([line, found[index]?.join('')]).toEqual([line, expect.stringContaining(text)]);
      }
    });

    test('and the check can fail', async () => {
      const file = join(folder, 'wrong.ts');
      writeFileSync(
        file,
        `import { procxy, type Procxy } from 'procxy';
        import { holds, type Equal } from '../assert.js';
        class Worker {
          add(a: number): number { return a; } at(): Date { return new Date(); } image(_: Buffer): void {}
          sort(_: (a: number) => number): void {} async *items(): AsyncGenerator<number> {}
        }
        declare const worker: Procxy<Worker>;
        holds<Equal<(typeof worker)['at'], () => Promise<Date>>>();
        worker.add('1');
        worker.image(Buffer.from(''));
        // @ts-expect-error this one is right, and must be reported as such
        worker.add(1);
        declare const on: Procxy<Worker, { enableCallbacks: true }>;
        on.sort((a) => a);
        worker.sort((a) => a);
        holds<Equal<(typeof worker)['items'], () => AsyncGenerator<string>>>();
        class Store {
          constructor(readonly file: string) {} save(order: { rows: { at: Date }[] }): void {}
          report(): { pages: { image: Map<string, number> }[] } { return { pages: [] }; }
          state = { cache: new Map<string, number>() };
        }
        procxy(Store, 'test.db');
        procxy(Worker, { enableCalbacks: true });
        declare const store: Procxy<Store>;
        store.save({ rows: [] });
        store.report();
        store.state.cache.get('a');
        `,
      );
      const { code, output } = await compile(compiler, [file]);
      expect(code).not.toBe(0);
      expect(output).toMatch(/wrong\.ts\(8,\d+\): error TS2344/);
      expect(output).toMatch(/wrong\.ts\(9,\d+\): error TS2345/);
      expect(output).toMatch(/wrong\.ts\(10,\d+\): error TS2349/);
      expect(output).toMatch(/wrong\.ts\(11,\d+\): error TS2578/);
      expect(output).toMatch(/wrong\.ts\(14,\d+\): error TS2(345|741)/);
      expect(output).toContain('__wrap_the_function_in_sync');
      expect(output).toMatch(/wrong\.ts\(15,\d+\): error TS2349/);
      expect(output).toContain('Use { enableCallbacks: true } to let functions cross.');
      expect(output).toMatch(/wrong\.ts\(16,\d+\): error TS2344/);
      expect(output).toContain('JSON would change a parameter of this method.');
      expect(output).toMatch(/wrong\.ts\(22,\d+\): error TS2/);
      expect(output).toContain('This would be taken for the module. Write the options first, if only {}');
      expect(output).toMatch(/wrong\.ts\(23,\d+\): error TS2/);
      expect(output).toContain('An option has an unknown name or a value of another type');
      expect(output).toMatch(/wrong\.ts\(25,\d+\): error TS2349/);
      expect(output).toContain('args[0].rows[].at');
      expect(output).toMatch(/wrong\.ts\(26,\d+\): error TS2349/);
      expect(output).toContain('result.pages[].image');
      expect(output).toMatch(/wrong\.ts\(27,\d+\): error TS2339/);
      expect(output).toContain('This property cannot cross in the serialization mode of this proxy.", ".cache"');
    });
  });
}
