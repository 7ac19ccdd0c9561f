import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { getAllProxyCommandPaths, getExecutablePath } from 'procxy/process-proxy';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root, run } from '../support/packed.js';

const { platform, arch } = process;

test('getExecutablePath() returns the executable of a platform, or says which ones there are', () => {
  expect(getExecutablePath()).toMatch(
    new RegExp(`dist[\\\\/]native[\\\\/]${platform}-${arch}[\\\\/]process-proxy(\\.exe)?$`),
  );
  expect(() => getExecutablePath('plan9', 'x64')).toThrow(
    expect.objectContaining({
      code: 'PROCXY_EXECUTABLE_NOT_FOUND',
      message: expect.stringMatching(
        new RegExp(
          `^getExecutablePath\\(\\) found no executable for plan9-x64\\. This package has .*${platform}-${arch}`,
        ),
      ) as string,
    }),
  );
});

test('getAllProxyCommandPaths() returns every executable of the package', () => {
  const all = getAllProxyCommandPaths();
  expect(all).toContainEqual({ platform, arch, path: getExecutablePath() });
  for (const each of all) {
    expect(each.path).toBe(getExecutablePath(each.platform, each.arch));
    expect(existsSync(each.path)).toBe(true);
  }
});

let folder: string;
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'procxy-executable-')));
  for (const place of ['build', 'deployed', 'elsewhere'])
    mkdirSync(join(folder, place, 'node_modules'), { recursive: true });
  for (const place of ['build', 'deployed']) symlinkSync(root, join(folder, place, 'node_modules', 'procxy'));
});
afterAll(() => rmSync(folder, { recursive: true }));

test.each(['esm', 'cjs'] as const)(
  'a bundle (%s) that names the machine of its build uses its own package',
  async (format) => {
    // As webpack does: it writes the path of the file in the build, or one that exists nowhere.
    const built = join(folder, 'build', 'node_modules', 'procxy', 'dist', 'process-proxy.js');
    const outfile = join(folder, 'deployed', `main.${format === 'esm' ? 'mjs' : 'cjs'}`);
    await build({
      stdin: {
        contents: "import { getExecutablePath } from 'procxy/process-proxy'; console.log(getExecutablePath());",
        resolveDir: join(folder, 'build'),
      },
      define: { 'import.meta.url': JSON.stringify(pathToFileURL(built).href), __filename: JSON.stringify(built) },
      preserveSymlinks: true,
      outfile,
      format,
      bundle: true,
      platform: 'node',
      logLevel: 'silent',
    });
    const args = ['--preserve-symlinks', outfile];
    const outcome = await run(process.execPath, args, { cwd: join(folder, 'elsewhere') });
    const own = join(
      folder,
      'deployed',
      'node_modules',
      'procxy',
      'dist',
      'native',
      `${platform}-${arch}`,
      'process-proxy',
    );
    expect(outcome).toEqual({ stdout: `${own}\n`, stderr: '', code: 0 });
  },
);
