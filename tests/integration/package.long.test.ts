import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { expectToCompileAndRun } from '../support/compile-package.js';
import { typescriptPrograms } from '../support/package-programs.js';
import { installPackage, root, type InstalledPackage } from '../support/packed.js';

// Installing and compiling take as long as the registry and the machine let them.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let app: InstalledPackage;
beforeAll(async () => {
  const { devDependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    devDependencies: Record<string, string>;
  };
  app = await installPackage(`@types/node@${devDependencies['@types/node']}`);
  await app.write(typescriptPrograms);
});
afterAll(() => app?.remove());

test('a TypeScript project compiles under TypeScript 5.9, as an ES module and as CommonJS, and runs', async () => {
  expect(ts.version).toBe('5.9.3');
  await expectToCompileAndRun(app, 'typescript');
});
