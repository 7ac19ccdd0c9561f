import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { displayModule, loadModule } from '../../src/child/load-module.js';
import { ModuleResolutionError } from '../../src/errors.js';

let folder: string;
const url = (name: string): string => pathToFileURL(join(folder, name)).href;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'procxy-load-module-'));
  const packageFolder = join(folder, 'node_modules', 'only-here');
  mkdirSync(packageFolder, { recursive: true });
  writeFileSync(join(packageFolder, 'package.json'), '{"name": "only-here", "exports": {"import": "./esm.mjs"}}');
  writeFileSync(join(packageFolder, 'esm.mjs'), "export const from = 'the package';");
  writeFileSync(join(folder, 'throwing.mjs'), "throw new RangeError('not today');");
  writeFileSync(join(folder, 'sound.mjs'), 'export const answer = 42;');
});
afterAll(() => rmSync(folder, { recursive: true }));

test('a module is loaded by its URL', async () => {
  expect(await loadModule({ url: url('sound.mjs') })).toMatchObject({ answer: 42 });
});

describe('an error names the module and the reason', () => {
  const failure = (module: Parameters<typeof loadModule>[0]): Promise<ModuleResolutionError> =>
    loadModule(module).then(
      () => expect.unreachable('It was loaded.'),
      (error: unknown) => error as ModuleResolutionError,
    );

  test('if there is no such file', async () => {
    const error = await failure({ url: url('missing.mjs') });
    expect(error).toBeInstanceOf(ModuleResolutionError);
    expect(error.message).toContain(join(folder, 'missing.mjs'));
  });

  test('if the module throws, with that error as the cause', async () => {
    const error = await failure({ url: url('throwing.mjs') });
    expect(error.message).toContain('not today');
    expect(error.cause).toMatchObject({ name: 'RangeError', message: 'not today' });
  });
});

test('a sentence names a file by its path, and anything else as it was written', () => {
  expect(displayModule({ url: url('sound.mjs') })).toBe(join(folder, 'sound.mjs'));
  expect(displayModule({ url: 'data:text/javascript,0' })).toBe('data:text/javascript,0');
  expect(displayModule({ specifier: 'only-here', referrer: url('sound.mjs') })).toBe("'only-here'");
});
