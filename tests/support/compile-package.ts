import { basename, join } from 'node:path';
import { expect } from 'vitest';
import { root, run, type InstalledPackage } from './packed.js';

/** The names of packages of compilers. */
export type Compiler = 'typescript' | 'typescript-7';

interface Compiled {
  errors: string;
  code: number | null;
  /** The declarations of the package that the compiler read. */
  types: string[];
}

/** Compiles a project of an app's folder `ts`. */
export async function compileIn(app: InstalledPackage, compiler: Compiler, project: string): Promise<Compiled> {
  const tsc = join(root, 'node_modules', compiler, 'bin/tsc');
  const args = [tsc, '-p', join('ts', project), '--listFiles'];
  const { stdout, stderr, code } = await run(process.execPath, args, { cwd: app.folder });
  const lines = stdout.trim().split('\n');
  const types = lines.filter((line) => line.includes('node_modules/procxy/')).map((line) => basename(line));
  const errors = lines.filter((line) => !/^\/.+\.[cm]?ts$/.test(line));
  return { errors: errors.join('\n') + stderr, code, types: types.toSorted() };
}

/** Under `nodenext`, as an ES module and as CommonJS. */
export async function expectToCompileAndRun(app: InstalledPackage, compiler: Compiler): Promise<void> {
  // Each format has its own types. Otherwise, the compiler would say that a CommonJS file imports an ES module.
  const types = ['index.d.cts', 'index.d.ts'];
  expect(await compileIn(app, compiler, 'nodenext.json')).toEqual({ errors: '', code: 0, types });
  const expected = { stdout: '42 counter\nPROCXY_MODULE_RESOLUTION\n', stderr: '', code: 0 };
  expect(await run(process.execPath, ['ts/out/main.js'], { cwd: app.folder })).toEqual(expected);
  expect(await run(process.execPath, ['ts/out/main.cjs'], { cwd: app.folder })).toEqual(expected);
}
