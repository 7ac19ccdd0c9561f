import { existsSync } from 'node:fs';
import { copyFile, readFile, symlink } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { join, posix } from 'node:path';
import { build } from 'esbuild';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { nodeBinary, type NodeMajor } from '../support/nodes.js';
import { compileIn, expectToCompileAndRun } from '../support/compile-package.js';
import { javascriptPrograms, typescriptPrograms } from '../support/package-programs.js';
import { installPackage, root, run, type InstalledPackage, type Outcome } from '../support/packed.js';

// Installing and compiling take as long as the registry and the machine let them.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const formats = ['esm', 'cjs'] as const;
type Format = (typeof formats)[number];

interface Manifest {
  dependencies?: Record<string, string>;
  devDependencies: Record<string, string>;
  peerDependencies?: Record<string, string>;
  scripts?: Record<string, string>;
  exports: Record<string, unknown>;
}

const prints = (version: string): string => `42 true true ${version}\n`.repeat(2);
const success = (version = process.version): Outcome => ({ stdout: prints(version), stderr: '', code: 0 });

/** Where the app that a bundler makes comes from, and the file of the class, which stays out of the bundle. */
const sources = { esm: ['main.js', 'counter.js'], cjs: ['to-cjs.js', 'counter.cjs'] } as const;
const extension = { esm: 'js', cjs: 'cjs' } as const;

let app: InstalledPackage;
beforeAll(async () => {
  const { devDependencies } = await manifestIn(root);
  app = await installPackage(`@types/node@${devDependencies['@types/node']}`);
  await app.write(javascriptPrograms);
});
afterAll(() => app?.remove());

describe('the tarball', () => {
  test('holds what a user needs and nothing else', async () => {
    const { exports } = await manifestIn(installed());
    const targets = [...JSON.stringify(exports).matchAll(/"\.\/([^"]+\.\w+)"(?!:)/g)].map((match) => match[1]);
    expect(targets).toContain('dist/index.js');
    expect(app.files).toEqual(expect.arrayContaining(['package.json', 'README.md', 'LICENSE', ...targets]));
    const needed =
      /^(package\.json|README\.md|LICENSE|docs\/.+\.(md|svg)|examples\/python-agent\/.+|dist\/.+\.(js|cjs|d\.ts|d\.cts)|dist\/native\/.+)$/;
    expect(app.files.filter((file) => !needed.test(file))).toEqual([]);
  });

  test('holds everything that its pages link to', async () => {
    const pages = app.files.filter((file) => file.endsWith('.md'));
    expect(pages).toContain('docs/reliability.md');
    const missing: string[] = [];
    for (const page of pages) {
      const text = (await readFile(join(installed(), page), 'utf8')).replaceAll(/^```[\s\S]*?^```$/gm, '');
      for (const [, link = ''] of text.matchAll(/(?:\]\(|src(?:set)?=")(?!\.\.\.)([^)"#\s]+)/g)) {
        const target = posix.join(posix.dirname(page), link);
        if (!/^https?:/.test(link) && !app.files.some((each) => `${each}/`.startsWith(`${target}/`)))
          missing.push(`${page}: ${link}`);
      }
    }
    expect(missing).toEqual([]);
  });

  test('runs nothing when it is installed', async () => {
    const { scripts = {} } = await manifestIn(installed());
    expect(Object.keys(scripts).filter((name) => /^(pre|post)?(install|prepare|uninstall)$/.test(name))).toEqual([]);
    // npm would build it.
    expect(app.files).not.toContain('binding.gyp');
    const lock = await readFile(join(app.folder, 'node_modules', '.package-lock.json'), 'utf8');
    expect(lock).toContain('"node_modules/procxy"');
    expect(lock).not.toContain('"hasInstallScript"');
  });

  test('imports only what it declares', async () => {
    const { dependencies = {}, peerDependencies = {} } = await manifestIn(installed());
    // The design allows these two; a third is a decision, not an accident.
    expect(['type-fest', 'uuid']).toEqual(expect.arrayContaining(Object.keys(dependencies)));
    const imports = await importsOfPackage();
    expect(imports).toContain('child_process');
    expect(imports).toContain('type-fest');
    const packages = imports
      .filter((name) => !isBuiltin(name))
      .map((name) => name.replace(/^((@[^/]+\/)?[^/]+).*/, '$1'));
    expect(Object.keys({ ...dependencies, ...peerDependencies })).toEqual(expect.arrayContaining(packages));
    // It is bundled: neither `require('procxy')` nor the start of a child looks it up.
    expect(packages).not.toContain('uuid');
  });
});

describe('a first program', () => {
  test.each<NodeMajor>([20, 22, 24, 26])('runs on Node %i, as an ES module and as CommonJS', async (major) => {
    const node = await nodeBinary(major);
    const version = (await run(node, ['--version'], { cwd: app.folder })).stdout.trim();
    expect(version).toMatch(new RegExp(`^v${major}\\.`));
    expect(await run(node, ['main.js'], { cwd: app.folder })).toEqual(success(version));
    expect(await run(node, ['main.cjs'], { cwd: app.folder })).toEqual(success(version));
  });

  test.each(['main.js', 'main.cjs'])('%s runs from any working directory', async (file) => {
    const cwd = await app.elsewhere();
    expect(await run(process.execPath, [join(app.folder, file)], { cwd })).toEqual(success());
  });

  test.each(['main.js', 'main.cjs'])('%s runs in a folder below the installed package', async (file) => {
    const files = Object.entries(javascriptPrograms).map(([name, text]) => [join('packages', 'a b', name), text]);
    await app.write(Object.fromEntries(files));
    const cwd = await app.elsewhere();
    expect(await run(process.execPath, [join(app.folder, 'packages', 'a b', file)], { cwd })).toEqual(success());
  });

  test.each(['main.js', 'main.cjs'])('%s runs when a program that is far away loads it', async (file) => {
    const loader = `import(require('node:url').pathToFileURL(${JSON.stringify(join(app.folder, file))}))`;
    expect(await run(process.execPath, ['-e', loader], { cwd: await app.elsewhere() })).toEqual(success());
  });
});

describe('a TypeScript project', () => {
  beforeAll(() => app.write(typescriptPrograms));

  // Written in Go, and several times as fast as the others: package.long.test.ts asks TypeScript 5.9.
  test('compiles under nodenext, as an ES module and as CommonJS, and runs', async () => {
    await expectToCompileAndRun(app, 'typescript-7');
  });

  test('compiles under bundler', async () => {
    const types = ['index.d.ts'];
    expect(await compileIn(app, 'typescript-7', 'bundler.json')).toEqual({ errors: '', code: 0, types });
  });
});

describe('an app bundled by esbuild', () => {
  const bundled = (name: string, format: Format): string => `${name}.${extension[format]}`;

  test.each(formats)('with procxy external runs (%s)', async (format) => {
    const file = await bundle('external', format, ['procxy']);
    expect(await readFile(join(app.folder, file), 'utf8')).toMatch(importsPackage);
    expect(await run(process.execPath, [file], { cwd: app.folder })).toEqual(success());
  });

  test.each(formats)('whole, beside node_modules, runs from any working directory (%s)', async (format) => {
    const file = await bundle('whole', format);
    expect(await readFile(join(app.folder, file), 'utf8')).not.toMatch(importsPackage);
    expect(await run(process.execPath, [file], { cwd: app.folder })).toEqual(success());
    const cwd = await app.elsewhere();
    expect(await run(process.execPath, [join(app.folder, file)], { cwd })).toEqual(success());
  });

  test.each(formats)('whole, runs by a link that is far from it, as npm links programs (%s)', async (format) => {
    const link = join(await app.elsewhere(), 'app');
    await symlink(join(app.folder, await bundle('linked', format)), link);
    expect(await run(process.execPath, [link], { cwd: await app.elsewhere() })).toEqual(success());
  });

  test.each(formats)('whole, far from node_modules, says what to do (%s)', async (format) => {
    const file = await bundle('lonely', format);
    const cwd = await app.elsewhere();
    for (const name of [file, sources[format][1]]) await copyFile(join(app.folder, name), join(cwd, name));
    const { stdout, stderr, code } = await run(process.execPath, [file], { cwd });
    expect({ stdout, code }).toEqual({ stdout: '', code: 1 });
    expect(stderr).toMatch(/ModuleResolutionError: .*procxy\/agent.*not found.*node_modules.*agentPath/);
  });

  const importsPackage = /(from|require\()\s*["']procxy["']/;
  async function bundle(name: string, format: Format, external: string[] = []): Promise<string> {
    const [entry, classFile] = sources[format];
    const outfile = bundled(name, format);
    const common = { absWorkingDir: app.folder, bundle: true, platform: 'node', logLevel: 'silent' } as const;
    await build({ ...common, entryPoints: [entry], format, outfile, external: [`./${classFile}`, ...external] });
    return outfile;
  }
});

function installed(): string {
  return join(app.folder, 'node_modules', 'procxy');
}

async function manifestIn(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest;
}

/** What the installed package's programs and types import from outside the package. */
async function importsOfPackage(): Promise<string[]> {
  const files = app.files.filter((file) => file.startsWith('dist/') && existsSync(join(installed(), file)));
  const scripts = files.filter((file) => /\.c?js$/.test(file));
  const settings = {
    bundle: true,
    format: 'esm',
    packages: 'external',
    platform: 'node',
    metafile: true,
    write: false,
  } as const;
  const { metafile } = await build({
    ...settings,
    absWorkingDir: installed(),
    // Names of their own: index.js and index.cjs would both become index.js.
    entryPoints: scripts.map((file) => ({ in: file, out: file })),
    outdir: 'unused',
    logLevel: 'silent',
  });
  const ofScripts = Object.values(metafile.inputs).flatMap(({ imports }) =>
    // esbuild's own helpers are no file either.
    imports.filter(({ external, path }) => external && path !== '<runtime>'),
  );
  const types = files.filter((file) => /\.d\.c?ts$/.test(file));
  const texts = await Promise.all(types.map((file) => readFile(join(installed(), file), 'utf8')));
  const ofTypes = texts.flatMap((text) => ts.preProcessFile(text).importedFiles.map(({ fileName }) => fileName));
  return [...ofScripts.map(({ path }) => path), ...ofTypes.filter((name) => !name.startsWith('.'))];
}
