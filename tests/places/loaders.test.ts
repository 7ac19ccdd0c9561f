import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { installPackage, run, type InstalledPackage } from '../support/packed.js';

// Installing takes as long as the registry and the machine let it.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

/** Apart from the others: where they are installed, a child may use them. */
const runners = ['tsx@4.23.15', 'jiti@2.7.0'];
const hooks = [
  'ts-node@10.9.2',
  '@swc-node/register@1.12.1',
  '@swc/core@1.16.22',
  'esbuild-register@3.6.0',
  'esbuild@0.28.2',
  '@babel/register@7.29.13',
  '@babel/core@7.29.13',
  '@babel/preset-env@7.29.14',
  '@babel/preset-typescript@7.29.7',
  'sucrase@3.35.1',
  'typescript@5.9.3',
  '@types/node@20.19.43',
];

/** What Node cannot strip: an enum and a parameter property. */
const painter = `
  import { style } from './style';

  export enum Colour { Red = 'red' }

  export class Painter {
    constructor(private readonly colour: Colour) {}

    paint(what: string): string {
      return [what, style, this.colour].join(' ');
    }
  }
`;
const main = (file: string): string => `
  import { procxy } from 'procxy';
  import { Colour, Painter } from './painter';

  interface Remote {
    paint(what: string): Promise<string>;
    $terminate(): Promise<void>;
  }
  async function use(painter: Remote): Promise<void> {
    console.log(await painter.paint('a door'));
    await painter.$terminate();
  }

  async function main(): Promise<void> {
    await use(await procxy(Painter, {}, Colour.Red));
    await use(await procxy(Painter, './${file}', {}, Colour.Red));
    await use(await procxy(Painter, { channel: 'socket' }, Colour.Red));
    await use(await procxy(Painter, { cwd: '/' }, Colour.Red));
  }
  main();
`;
const prints = 'a door painted red\n'.repeat(4);

const asModule = (text: string): string => text.replace(/'(\.\/\w+)';/g, "'$1.js';");
const options = { target: 'es2022', strict: true, types: ['node'] };

let apps: Record<'runners' | 'hooks', InstalledPackage>;
beforeAll(async () => {
  apps = { runners: await installPackage(...runners), hooks: await installPackage(...hooks) };
  for (const app of Object.values(apps)) await app.write(programs);
});
afterAll(() => Promise.all(Object.values(apps ?? {}).map((app) => app.remove())));

const programs = {
  // ts-node's own program looks for it from the agent on, which it runs as its script.
  'tsconfig.json': JSON.stringify({ compilerOptions: { ...options, module: 'node16' } }),
  'cjs/package.json': '{ "type": "commonjs" }',
  'cjs/tsconfig.json': JSON.stringify({ compilerOptions: { ...options, module: 'node16' } }),
  'cjs/babel.config.js':
    "module.exports = { presets: [['@babel/preset-env', { targets: { node: 20 } }], '@babel/preset-typescript'] };",
  'cjs/babel.js': "require('@babel/register')({ extensions: ['.ts', '.js'] });",
  'cjs/main.ts': main('painter.ts'),
  'cjs/painter.ts': painter,
  'cjs/style.ts': "export const style: string = 'painted';",
  'esm/package.json': '{ "type": "module" }',
  'esm/tsconfig.json': JSON.stringify({ compilerOptions: { ...options, module: 'nodenext' } }),
  'esm/main.ts': asModule(main('painter.js')),
  'esm/painter.ts': asModule(painter),
  'esm/style.ts': "export const style: string = 'painted';",
};

test.each<[name: string, folder: 'cjs' | 'esm', command: string[]]>([
  ['tsx, CommonJS', 'cjs', ['tsx', 'main.ts']],
  ['tsx, ES modules', 'esm', ['tsx', 'main.ts']],
  ['node --import tsx', 'esm', ['node', '--import', 'tsx', 'main.ts']],
  ['ts-node', 'cjs', ['ts-node', 'main.ts']],
  ['ts-node/register', 'cjs', ['node', '-r', 'ts-node/register', 'main.ts']],
  ['ts-node/esm', 'esm', ['node', '--no-warnings', '--loader', 'ts-node/esm', 'main.ts']],
  ['@swc-node/register', 'cjs', ['node', '-r', '@swc-node/register', 'main.ts']],
  ['esbuild-register', 'cjs', ['node', '-r', 'esbuild-register', 'main.ts']],
  ['@babel/register', 'cjs', ['node', '-r', './babel.js', 'main.ts']],
  ['sucrase/register', 'cjs', ['node', '-r', 'sucrase/register', 'main.ts']],
  ['jiti', 'cjs', ['jiti', 'main.ts']],
  ['jiti, ES modules', 'esm', ['jiti', 'main.ts']],
])('%s', async (_name, folder, [tool = '', ...args]) => {
  const app = runners.some((name) => [tool, args[1]].includes(name.split('@')[0])) ? apps.runners : apps.hooks;
  const program = tool === 'node' ? process.execPath : join(app.folder, 'node_modules', '.bin', tool);
  const outcome = await run(program, args, { cwd: join(app.folder, folder) });
  expect(outcome).toMatchObject({ stdout: prints, code: 0 });
});
