import { existsSync } from 'node:fs';
import { copyFile, cp, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { installPackage, npm, run, type InstalledPackage } from '../support/packed.js';
import { bundlers, builds, programs, type Build } from './builds.js';
import { fromPage, isOnPage, sources, typescriptBuilds, typescriptTools } from './typescript-builds.js';

// Installing takes as long as the registry and the machine let it.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let app: InstalledPackage;
beforeAll(async () => {
  app = await installPackage(...bundlers, ...typescriptTools);
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

describe('a class in TypeScript that imports a file and a package', () => {
  let deployed: string;
  /** Has the outputs of all builds, and what `npm ci --omit=dev` installs. */
  beforeAll(async () => {
    deployed = await realpath(await app.elsewhere());
    const manifest = {
      name: 'deployed',
      private: true,
      dependencies: { procxy: `file:${app.tarball}`, 'lru-cache': '11.5.3' },
      devDependencies: { typescript: '5.9.3', esbuild: '0.28.2' },
    };
    await writeFile(join(deployed, 'package.json'), JSON.stringify(manifest));
    await npm(['install', '--package-lock-only', '--prefer-offline'], deployed);
    await npm(['ci', '--omit=dev', '--prefer-offline'], deployed);
  });

  test('has no tools where it is deployed', () => {
    expect(existsSync(join(deployed, 'node_modules', 'procxy'))).toBe(true);
    for (const tool of ['typescript', 'esbuild', 'tsx']) {
      expect(existsSync(join(deployed, 'node_modules', tool))).toBe(false);
    }
  });

  test.each(typescriptBuilds)(
    'is bundled by $name, and runs',
    async ({ name, commands, config, module = './counter.js' }) => {
      const folder = join('typescript', name);
      const files = { ...sources(module), ...(config !== undefined && { [config]: fromPage(config) }) };
      await app.write(Object.fromEntries(Object.entries(files).map(([file, text]) => [join(folder, file), text])));
      for (const command of commands) {
        if (config === undefined) expect(isOnPage(command)).toBe(true);
        const [tool = '', ...args] = command.split(' ');
        const program = join(app.folder, 'node_modules', '.bin', tool);
        const built = await run(program, args, { cwd: join(app.folder, folder) });
        expect(built.code, built.stdout + built.stderr).toBe(0);
      }
      const target = join(deployed, name);
      await cp(join(app.folder, folder, 'dist'), target, { recursive: true });
      await copyFile(join(app.folder, folder, 'package.json'), join(target, 'package.json'));
      const entry = ['main.js', 'main.mjs', 'index.js']
        .map((file) => join(target, file))
        .find((file) => existsSync(file));
      const { platform, arch } = process;
      const executable = join(deployed, 'node_modules/procxy/dist/native', `${platform}-${arch}`, 'process-proxy');
      expect(await run(process.execPath, [entry ?? 'none'], { cwd: await app.elsewhere() })).toEqual({
        stdout: `true 42 pieces 1\n${executable}\n`,
        stderr: '',
        code: 0,
      });
    },
  );
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
