import { mkdtempSync, realpathSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { checkDirectory, directoriesFor } from '../../../src/parent/launch/directories.js';
import { runScript } from '../../support/scripts.js';

const here = process.cwd();

test.each([
  [undefined, { start: undefined, work: undefined }],
  [here, { start: undefined, work: undefined }],
  [pathToFileURL(tmpdir()), { start: undefined, work: tmpdir() }],
  [pathToFileURL(tmpdir()).href, { start: undefined, work: tmpdir() }],
  ['..', { start: undefined, work: dirname(here) }],
])('a child in Node with { cwd: %s }', (cwd, directories) => {
  expect(directoriesFor({ cwd, runtime: 'node' })).toEqual(directories);
});

test('other runtimes start in their working directory', () => {
  expect(directoriesFor({ cwd: undefined, runtime: 'bun' })).toEqual({ start: undefined, work: undefined });
  expect(directoriesFor({ cwd: '..', runtime: 'other' })).toEqual({ start: dirname(here), work: undefined });
});

test.each(['/no/such/directory', join(here, 'package.json'), 'http://localhost/', 'file://host/x'])(
  '%s is refused',
  (cwd) => {
    expect(() => checkDirectory({ cwd })).toThrow(
      `The option \`cwd\` must be a directory that exists, but got '${cwd}'. Name a directory that exists.`,
    );
  },
);

/** What a process says that has changed its directory. */
async function whenMoved(code: string): Promise<unknown> {
  const url = JSON.stringify(new URL('../../../src/parent/launch/directories.ts', import.meta.url).href);
  const { stdout, stderr } = await runScript(
    `import { rmdirSync } from 'node:fs';
    const { directoriesFor } = await import(${url});
    ${code}
    console.log(JSON.stringify(directoriesFor({ cwd: undefined, runtime: 'node' })));`,
    { NODE_OPTIONS: '--import tsx' },
  );
  if (stderr !== '') throw new Error(stderr);
  return JSON.parse(stdout);
}

test('a process that has changed its directory starts a child where it was started itself', async () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'procxy-moved-')));
  expect(await whenMoved(`process.chdir(${JSON.stringify(folder)});`)).toEqual({ start: here, work: folder });
  rmdirSync(folder);
});

test('a process whose directory was removed starts a child where it was started itself, and the child stays there', async () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'procxy-moved-')));
  const text = JSON.stringify(folder);
  expect(await whenMoved(`process.chdir(${text}); rmdirSync(${text});`)).toEqual({ start: here });
  expect(() => rmdirSync(folder)).toThrow('ENOENT');
});
