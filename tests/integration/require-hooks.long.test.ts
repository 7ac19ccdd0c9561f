import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeApp, run } from '../support/packed.js';

/** A compiler as ts-node, esbuild-register and their like are: it hooks `require()`. Needs no package but esbuild. */
const hook = (...extensions: string[]): string => `
  const { transformSync } = require('esbuild');
  const { readFileSync } = require('node:fs');
  for (const extension of ${JSON.stringify(extensions)}) {
    const before = require.extensions[extension] ?? require.extensions['.js'];
    require.extensions[extension] = (module, path) => {
      if (path.includes('node_modules')) return before(module, path);
      const compile = module._compile;
      module._compile = function (source, file) {
        const { code } = transformSync(source, { loader: 'tsx', format: 'cjs', define: { COMPILER: '"the hook"' } });
        return compile.call(this, code, file);
      };
      return before(module, path);
    };
  }`;
// A compiler puts the constant in: without it, the class cannot be made.
const sorter = `
  import { helper } from './helper';
  declare const COMPILER: string;
  export enum Order { Up = 'up' }
  export class Sorter {
    constructor(private readonly order: Order) {}
    sort(list: number[]) { return [helper, this.order, ...list.toSorted()]; }
    compiler() { return typeof COMPILER === 'undefined' ? 'another compiler' : COMPILER; }
  }`;
const main = (extension: string): string => `
  import { procxy } from 'procxy';
  import { Sorter, Order } from './sorter';
  const options = JSON.parse(process.argv[2] ?? '{}');
  async function main() {
    for (const path of [undefined, './sorter${extension}']) {
      const sorter = await procxy(Sorter, path, options, Order.Up);
      console.log((await sorter.sort([2, 1])).join(' '), await sorter.compiler());
      await sorter.$terminate();
    }
  }
  main().catch((error) => console.log(error.name, error.message));`;
const result = 'helper up 1 2 the hook\n'.repeat(2);

let app: string;
beforeAll(async () => {
  app = await makeApp(
    {
      'package.json': '{}',
      'hook.cjs': hook('.ts', '.tsx'),
      'all.cjs': hook('.js', '.ts'),
      'innocent.cjs': '',
      'register.mjs': "import { createRequire } from 'node:module'; createRequire(import.meta.url)('./hook.cjs');",
      'main.cjs': "require('./main.ts');",
      'main.ts': main('.ts'),
      'sorter.ts': sorter,
      'helper.ts': "export const helper: string = 'helper';",
      'node_modules/hook/package.json': '{ "name": "hook" }',
      'node_modules/hook/index.js': hook('.ts', '.tsx'),
      'javascript/main.js': main('.js'),
      'javascript/sorter.js': `
        import { helper } from './helper';
        export const Order = { Up: 'up' };
        const tag = (name) => name;
        const React = { createElement: tag };
        export class Sorter {
          constructor(order) { this.order = order; }
          sort(list) { return [helper, this.order, ...list.toSorted()]; }
          compiler() { return <>{COMPILER}</> === undefined ? COMPILER : COMPILER; }
        }`,
      'javascript/helper.js': "export const helper = 'helper';",
      'module/package.json': '{ "type": "module" }',
      'module/main.mjs': `
        import { procxy } from 'procxy';
        import { Plain } from './plain.js';
        const plain = await procxy(Plain);
        console.log(await plain.hello());
        await plain.$terminate();`,
      'module/plain.js': "await null; export class Plain { hello() { return 'hello'; } }",
    },
    ['esbuild'],
  );
  mkdirSync(join(app, 'elsewhere'));
});
afterAll(() => rmSync(app, { recursive: true }));

async function start(flags: string[], program = 'main.ts', options: object = {}, env: string[] = []): Promise<string> {
  const node = [process.execPath, ...flags, program, JSON.stringify(options)];
  const { stdout, stderr } = await run('env', [...env, ...node], { cwd: app });
  return stdout + stderr;
}

describe('a child loads its module by the hook that the parent has by', () => {
  test.each([
    ['-r', ['-r', './hook.cjs'], []],
    ['--require=', ['--require=./hook.cjs'], []],
    ['the name of a package', ['-r', 'hook'], []],
    ['NODE_OPTIONS', [], ['NODE_OPTIONS=-r hook']],
    ['a file for --import, which registers it', ['--import', './register.mjs'], []],
    ['a hook for all files', ['-r', './all.cjs'], []],
  ])('%s', async (_name, flags, env) => {
    // Node runs the program itself where `--import` is given, or a later Node can strip types.
    const program = flags[0] === '--import' ? 'main.cjs' : 'main.ts';
    expect(await start(flags, program, {}, env)).toBe(result);
  });

  test('-r, with another working directory', async () => {
    const cwd = join(app, 'elsewhere');
    expect(await start(['-r', './hook.cjs'], 'main.ts', { cwd })).toBe(result);
    expect(await start([], 'main.ts', { cwd }, ['NODE_OPTIONS=-r hook'])).toBe(result);
  });

  test('NODE_OPTIONS, without the environment', async () => {
    expect(await start([], 'main.ts', { inheritEnv: false }, ['NODE_OPTIONS=-r ./hook.cjs'])).toBe(result);
  });

  test('-r, in JavaScript that only the hook can read', async () => {
    expect(await start(['-r', './all.cjs'], 'javascript/main.js')).toBe(result);
  });
});

test('a module that is an ES module is imported, whatever hooks there are', async () => {
  for (const file of ['./all.cjs', './innocent.cjs']) {
    expect(await start(['-r', file], 'module/main.mjs')).toBe('hello\n');
  }
});

test('sucrase/register works as well', async () => {
  const sucrase = new URL('../../node_modules/sucrase/register/index.js', import.meta.url).pathname;
  expect(await start(['-r', sucrase])).toBe(result.replaceAll('the hook', 'another compiler'));
});

test('where nothing else is installed, jiti compiles the module', async () => {
  const jiti = new URL('../../node_modules/jiti/lib/jiti-cli.mjs', import.meta.url).pathname;
  const modules = await makeApp(
    { 'main.ts': main('.ts'), 'sorter.ts': sorter, 'helper.ts': "export const helper: string = 'helper';" },
    ['jiti'],
  );
  const { stdout } = await run(process.execPath, [jiti, 'main.ts'], { cwd: modules });
  rmSync(modules, { recursive: true });
  expect(stdout).toBe(result.replaceAll('the hook', 'another compiler'));
});

test('with permissions, the error says that loaders are not inherited, and to compile the module', async () => {
  const options = { permissions: { read: [app] }, stdio: 'ignore' };
  const text = await start(['-r', './hook.cjs'], 'main.ts', options, ['NODE_OPTIONS=-r hook']);
  expect(text).toMatch(
    /^ModuleResolutionError .*sorter\.ts is TypeScript, .*With `permissions`, a child does not inherit the loaders of its parent\. Compile the file .*`modulePath`/,
  );
});
