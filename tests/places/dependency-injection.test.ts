import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { installPackage, root, run, type InstalledPackage } from '../support/packed.js';
import { readPage } from '../support/snippets.js';

/** The programs of the page, which need packages from npm, compiled as it says. */

// Installing takes as long as the registry and the machine let it.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const path = join(root, 'docs/dependency-injection.md');
const page = readPage(path);
const [, tsconfig = ''] = /```text\n(\{\n {2}"compilerOptions".*?)```/s.exec(readFileSync(path, 'utf8')) ?? [];

let app: InstalledPackage;
beforeAll(async () => {
  app = await installPackage(
    '@nestjs/common@12.5.1',
    '@nestjs/core@12.5.1',
    '@nestjs/platform-express@12.5.1',
    'inversify@8.2.3',
    'reflect-metadata@0.2.2',
    'rxjs@7.8.2',
    'tsyringe@4.10.0',
    '@types/node@20.19.43',
  );
  await writeFile(join(app.folder, 'tsconfig.json'), tsconfig);
  for (const { files } of page.commands) {
    for (const { name, code } of files.values()) await writeFile(join(app.folder, name), code);
  }
});
afterAll(() => app?.remove());

test('every program of the page is run', () => {
  expect(page.problems).toEqual([]);
  expect(page.commands).toHaveLength(4);
});

test('the programs compile, with legacy decorators', async () => {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { code, stdout } = await run(process.execPath, [tsc, '-p', '.'], { cwd: app.folder });
  expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
});

test.each(page.commands)('$text, line $line of the page', async ({ text, expected }) => {
  const outcome = await run(process.execPath, text.split(' ').slice(1), { cwd: app.folder });
  expect(outcome).toEqual({ code: 0, stdout: `${expected.join('\n')}\n`, stderr: '' });
});
