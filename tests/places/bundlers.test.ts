import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { installPackage, run, type InstalledPackage } from '../support/packed.js';
import { bundlers, builds, programs, type Build } from './builds.js';

// Installing takes as long as the registry and the machine let it.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let app: InstalledPackage;
beforeAll(async () => {
  app = await installPackage(...bundlers);
  await app.write(programs);
});
afterAll(() => app?.remove());

test.each(builds)('$name', async (build) => {
  const main = await make(build);
  expect(await run(process.execPath, [main], { cwd: await app.elsewhere() })).toEqual({
    stdout: `by class: ${build.byClass}\nby path: ${build.byPath}\nby export: 42\n`,
    stderr: '',
    code: 0,
  });
});

/** Builds into a folder of its own, and returns the path of the program. */
async function make({ name, type, command: [tool = '', ...args], config, copies = [], main }: Build): Promise<string> {
  const out = join('out', name.replaceAll(/\W+/g, '-'));
  await app.write({
    [join(out, 'package.json')]: JSON.stringify({ type }),
    ...(config !== undefined && { [join(out, 'config.mjs')]: config.replaceAll('OUT', out) }),
  });
  const program = join(app.folder, 'node_modules', '.bin', tool);
  const built = await run(
    program,
    args.map((arg) => arg.replaceAll('OUT', out)),
    { cwd: app.folder },
  );
  expect(built.code, built.stdout + built.stderr).toBe(0);
  for (const file of copies) await copyFile(join(app.folder, file), join(app.folder, out, file));
  return join(app.folder, out, main);
}
