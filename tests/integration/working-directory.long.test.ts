import { mkdirSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeApp, run } from '../support/packed.js';

/** What preloaded files leave behind, one for each way to preload. */
const mark = (name: string): string => `globalThis[${JSON.stringify(name)}] = 'loaded';`;
const placed = `
  const directoryAtImport = process.cwd();
  export class Placed {
    look(...names) {
      const globals = names.map((name) => globalThis[name] ?? process.env[name] ?? name + ' is missing');
      return [directoryAtImport, process.cwd(), ...globals];
    }
    async nest(options, ...names) {
      const { procxy } = await import('procxy');
      const inner = await procxy(Placed, new URL(import.meta.url), options);
      const seen = await inner.look(...names);
      await inner.$terminate();
      return seen;
    }
  }`;
const main = `
  import { procxy } from 'procxy';
  import { Placed } from './placed.js';
  const [options, names, nested] = JSON.parse(process.argv[2]);
  if (options.chdir) process.chdir(options.chdir);
  delete options.chdir;
  const placed = await procxy(Placed, './placed.js', options).catch((error) => error);
  if (placed instanceof Error) console.log(JSON.stringify([placed.name, placed.message]));
  else {
    console.log(JSON.stringify(await (nested ? placed.nest(nested, ...names) : placed.look(...names))));
    await placed.$terminate();
  }`;

let app: string;
let elsewhere: string;
beforeAll(async () => {
  app = await makeApp(
    {
      'package.json': '{ "type": "module" }',
      'placed.js': placed,
      'main.js': main,
      'local.mjs': mark('local-import'),
      'local.cjs': mark('local-require'),
      'hooks.mjs': 'export async function resolve(name, context, next) { return next(name, context); }',
      'node_modules/preloader/package.json': '{ "name": "preloader", "main": "index.cjs" }',
      'node_modules/preloader/index.cjs': mark('package'),
      '.env': 'FROM_ENV_FILE=read',
      'tsconfig.json': '{ "compilerOptions": { "paths": { "@shapes/*": ["./shapes/*"] } } }',
      'shapes/round.ts': "export const shape: string = 'round';",
      'typed.ts': "import { shape } from '@shapes/round';\nexport class Typed { shape(): string { return shape; } }",
      'typed-main.ts': `
        import { procxy } from 'procxy';
        import { Typed } from './typed.ts';
        const typed = await procxy(Typed, './typed.ts', { cwd: process.argv[2] });
        console.log(await typed.shape());
        await typed.$terminate();`,
    },
    ['tsx', 'esbuild', 'get-tsconfig', 'resolve-pkg-maps'],
  );
  elsewhere = join(app, 'elsewhere');
  mkdirSync(elsewhere);
});
afterAll(() => rmSync(app, { recursive: true }));

interface Start {
  flags?: string[];
  env?: Record<string, string>;
  options?: object;
  names?: string[];
  /** Options for a child of the child. */
  nested?: object;
}

/** Starts the app's program in its folder, and returns what the child has seen. */
async function look({ flags = [], env = {}, options = { cwd: elsewhere }, names = [], nested }: Start) {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const argument = JSON.stringify([options, names, nested]);
  const node = [process.execPath, ...flags, 'main.js', argument];
  const { stdout, stderr } = await run('env', [...variables, ...node], { cwd: app });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as unknown;
}

const seen = (...more: string[]): string[] => [elsewhere, elsewhere, ...more];

describe.each(['ipc', 'socket'] as const)('with `cwd`, by %s, the child finds what the parent found', (channel) => {
  test.each([
    ['--import of a package', { flags: ['--import', 'preloader'], names: ['package'] }],
    ['-r of a package', { flags: ['-r', 'preloader'], names: ['package'] }],
    ['a relative --import', { flags: ['--import', './local.mjs'], names: ['local-import'] }],
    ['--require=, relative', { flags: ['--require=./local.cjs'], names: ['local-require'] }],
    ['a relative --loader', { flags: ['--no-warnings', '--loader', './hooks.mjs'], names: [] }],
    [
      'NODE_OPTIONS with packages and paths',
      {
        env: { NODE_OPTIONS: '--import ./local.mjs -r preloader --require ./local.cjs' },
        names: ['local-import', 'package', 'local-require'],
      },
    ],
    ['--env-file', { flags: ['--env-file=.env'], names: ['FROM_ENV_FILE'] }],
  ] as const)('%s', async (_name, start) => {
    const { names } = start;
    const given = { ...start, flags: [...('flags' in start ? start.flags : [])], names: [...names] };
    const found = names.map((name) => (name === 'FROM_ENV_FILE' ? 'read' : 'loaded'));
    expect(await look({ ...given, options: { cwd: elsewhere, channel } })).toEqual(seen(...found));
  });
});

describe('with `cwd`', () => {
  test('files that execArgv and env name are found there too', async () => {
    const options = { cwd: elsewhere, execArgv: ['--import', './local.mjs', '-r', 'preloader'] };
    expect(await look({ options, names: ['local-import', 'package'] })).toEqual(seen('loaded', 'loaded'));
    const inEnv = { cwd: elsewhere, env: { NODE_OPTIONS: '--require ./local.cjs' } };
    expect(await look({ options: inEnv, names: ['local-require'] })).toEqual(seen('loaded'));
  });

  test('a child of the child finds it as well', async () => {
    const flags = ['--import', 'preloader', '-r', './local.cjs'];
    const env = { NODE_OPTIONS: '--import ./local.mjs' };
    const names = ['package', 'local-require', 'local-import'];
    const nested = { cwd: '/' };
    const found = ['loaded', 'loaded', 'loaded'];
    expect(await look({ flags, env, names, nested })).toEqual(['/', '/', ...found]);
    expect(await look({ flags, env, names, nested: {} })).toEqual(seen(...found));
  });

  test('a file: URL and a relative path mean the same as for the parent', async () => {
    expect(await look({ options: { cwd: new URL(`file://${elsewhere}`).href } })).toEqual(seen());
    expect(await look({ options: { cwd: './elsewhere' } })).toEqual(seen());
  });

  test('tsx finds the paths of tsconfig.json', async () => {
    const { stdout, stderr } = await run(process.execPath, ['--import', 'tsx', 'typed-main.ts', elsewhere], {
      cwd: app,
    });
    expect([stdout, stderr]).toEqual(['round\n', '']);
  });

  test.each(['/no/such/directory', '.env'])('%s is refused before a child starts', async (cwd) => {
    expect(await look({ options: { cwd } })).toEqual([
      'OptionsValidationError',
      `The option \`cwd\` must be a directory that exists, but got '${cwd}'. Name a directory that exists.`,
    ]);
  });
});

test('children of a parent that has changed its directory start in it', async () => {
  const names = ['package', 'local-import'];
  const env = { NODE_OPTIONS: '--import ./local.mjs' };
  const start = { flags: ['-r', 'preloader'], env, options: { chdir: elsewhere }, names };
  expect(await look(start)).toEqual(seen('loaded', 'loaded'));
  expect(realpathSync(elsewhere)).toBe(elsewhere);
});
