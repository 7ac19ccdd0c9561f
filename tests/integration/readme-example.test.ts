import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { nodeBinary, type NodeMajor } from '../support/nodes.js';
import { installPackage, root, run, type InstalledPackage } from '../support/packed.js';

// Installing takes as long as the registry and the machine let it.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let app: InstalledPackage;
let folder: string;
let output: string;
beforeAll(async () => {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const [, first = ''] = /^([^]*?)^## /m.exec(readme) ?? [];
  const files = [...first.matchAll(/^```js\n\/\/ (\S+)\n([^]*?)^```/gm)].map(([, name = '', code = '']) => [
    name,
    code,
  ]);
  expect(files).toHaveLength(2);
  output = /^```console\n\$ node main\.mjs\n([^]*?)^```/m.exec(first)?.[1] ?? '';
  app = await installPackage();
  // As a new user has it: npm makes a package of CommonJS, in a folder whose name may be a package's.
  folder = join(app.folder, 'primes');
  await app.write({ 'primes/package.json': '{}' });
  execFileSync('npm', ['init', '-y'], { cwd: folder });
  await app.write(Object.fromEntries(files.map(([name = '', code = '']) => [`primes/${name}`, code])));
});
afterAll(() => app?.remove());

for (const major of [20, 22, 24, 26] satisfies NodeMajor[]) {
  test(`the README's first example runs in a new folder, on Node ${major}`, async () => {
    const outcome = await run(await nodeBinary(major), ['main.mjs'], { cwd: folder });
    expect(outcome).toEqual({ stdout: output, stderr: '', code: 0 });
    expect(output).toContain('78498');
  });
}
