import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The page whose builds are run. */
const page = readFileSync(fileURLToPath(new URL('../../docs/bundlers.md', import.meta.url)), 'utf8');

/** Installed in the app's folder, besides the bundlers. */
export const typescriptTools = [
  'ts-loader@9.6.2',
  '@rollup/plugin-typescript@12.3.1',
  'tslib@2.9.1',
  '@types/node@20.19.43',
  'lru-cache@11.5.3',
];

/** A class that Node cannot run before the build. It imports a file of the app and a package. */
export const sources = (module: string): Record<string, string> => ({
  'package.json': '{ "type": "module" }',
  'tsconfig.json': JSON.stringify({
    compilerOptions: {
      target: 'es2022',
      module: 'esnext',
      moduleResolution: 'bundler',
      strict: true,
      types: ['node'],
      skipLibCheck: true,
    },
  }),
  'unit.ts': "export enum Unit { Piece = 'pieces' }",
  'counter.ts': `
    import { LRUCache } from 'lru-cache';
    import { Unit } from './unit';

    export class Counter {
      readonly #seen = new LRUCache<number, number>({ max: 2 });

      constructor(private count = 0) {}

      add(amount: number): string {
        this.#seen.set(this.#seen.size, amount);
        return [process.pid, this.count += amount, Unit.Piece, this.#seen.size].join(' ');
      }
    }
  `,
  'main.ts': `
    import { procxy } from 'procxy';
    import { getExecutablePath } from 'procxy/process-proxy';
    import { Counter } from './counter';

    async function main(): Promise<void> {
      const counter = await procxy(Counter, '${module}', {}, 40);
      const [pid, ...rest] = (await counter.add(2)).split(' ');
      console.log(pid !== String(process.pid), ...rest);
      await counter.$terminate();
      console.log(getExecutablePath());
    }
    void main();
  `,
});

export interface TypescriptBuild {
  name: string;
  /** As the page has them. */
  commands: string[];
  /** A file of settings, which the page has too. */
  config?: string;
  /** The second argument of \`procxy()\`. */
  module?: string;
}

export const typescriptBuilds: TypescriptBuild[] = [
  {
    name: 'esbuild',
    commands: ['esbuild main.ts counter.ts --bundle --platform=node --format=esm --packages=external --outdir=dist'],
  },
  { name: 'tsup', commands: ['tsup main.ts counter.ts --format esm'] },
  { name: 'vite', commands: ['vite build'], config: 'vite.config.js' },
  { name: 'rollup', commands: ['rollup --config'], config: 'rollup.config.js' },
  { name: 'webpack', commands: ['webpack'], config: 'webpack.config.js' },
  {
    name: 'ncc',
    commands: ['ncc build main.ts --out dist', 'ncc build counter.ts --out dist/counter'],
    module: './counter/index.js',
  },
];

/** Returns the text of a file as the page has it. */
export function fromPage(name: string): string {
  const text = new RegExp(`^\`\`\`text\\n(// ${name.replaceAll('.', '\\.')}\\n[^]*?)^\`\`\`$`, 'm').exec(page)?.[1];
  if (text === undefined) throw new Error(`docs/bundlers.md has no ${name}.`);
  return text;
}

/** Whether the page shows a command. */
export function isOnPage(command: string): boolean {
  return page.includes(command);
}
