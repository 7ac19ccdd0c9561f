import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const here = fileURLToPath(new URL('.', import.meta.url));

interface Report {
  code: number;
  output: string;
}

/** Compiles files against the built package's declarations, as a user's project would. */
function compile(compiler: string, files: string[]): Promise<Report> {
  const flags = [
    '--noEmit',
    '--strict',
    '--target',
    'es2023',
    '--module',
    'nodenext',
    '--types',
    'node',
    '--pretty',
    'false',
  ];
  const lib = ['--lib', 'es2023,esnext.disposable', '--skipLibCheck'];
  // The others refuse to be given files where a tsconfig.json is.
  if (compiler !== 'typescript') lib.push('--ignoreConfig');
  const tsc = join(root, 'node_modules', compiler, 'bin', 'tsc');
  return new Promise((resolve) => {
    execFile(process.execPath, [tsc, ...flags, ...lib, ...files], { cwd: root }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr });
    });
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
      expect(output).toMatch(/wrong\.ts\(24,\d+\): error TS2349/);
      expect(output).toContain('args[0].rows[].at');
      expect(output).toMatch(/wrong\.ts\(25,\d+\): error TS2349/);
      expect(output).toContain('result.pages[].image');
      expect(output).toMatch(/wrong\.ts\(26,\d+\): error TS2339/);
      expect(output).toContain('This property cannot cross in the serialization mode of this proxy.", ".cache"');
    });
  });
}
