/** Installed in the app's folder. */
export const bundlers = [
  'esbuild@0.28.2',
  'rollup@4.67.4',
  '@rollup/plugin-commonjs@29.0.3',
  '@rollup/plugin-node-resolve@16.0.3',
  'vite@8.4.0',
  'webpack@5.113.0',
  'webpack-cli@7.3.1',
  '@rspack/core@2.3.4',
  '@rspack/cli@2.2.8',
  '@vercel/ncc@0.45.0',
  'tsup@8.5.1',
  'typescript@5.9.3',
];

/** An app with a class of its own, as a user would write it. */
export const programs: Record<string, string> = {
  'counter.js': `
    import { join } from 'node:path';

    export class Counter {
      #count;
      constructor(start = 0) { this.#count = start; }
      add(amount) { return (this.#count += amount); }
      where() { return join('/', String(process.pid)); }
    }
  `,
  'main.js': `
    import { procxy } from 'procxy';
    import { Counter } from './counter.js';

    async function report(way, start) {
      try {
        const counter = await start();
        const isElsewhere = (await counter.where()) !== '/' + process.pid;
        console.log(way + ':', isElsewhere && counter instanceof Counter && (await counter.add(2)));
        await counter.$terminate();
      } catch (error) {
        console.log(way + ':', error.name);
      }
    }

    async function main() {
      await report('by class', () => procxy(Counter, {}, 40));
      await report('by path', () => procxy(Counter, './counter.js', {}, 40));
      await report('by export', () => procxy(Counter, './counter.js', { exportName: 'Counter' }, 40));
    }
    main();
  `,
};

/** A way to build the app. \`OUT\` stands for the folder of what is built. */
export interface Build {
  name: string;
  /** The module format that the output has. */
  type: 'module' | 'commonjs';
  /** A program of the tools, and its arguments. */
  command: string[];
  /** The text of `config.mjs`, which stands in that folder. */
  config?: string;
  /** Sources that are copied beside what is built. */
  copies?: string[];
  main: string;
  /** What the class alone gives: the result, or the name of the error. */
  byClass: Result;
  /** What the class with its module gives. */
  byPath: Result;
}

type Result = 42 | 'ModuleResolutionError';

const refused = 'ModuleResolutionError';

/** The class is in one file with the program, and in a file of its own, which both say what they export. */
const webpackConfig = (mode: string, format: 'module' | 'commonjs2', more = ''): string => `
  export default {
    mode: '${mode}',
    target: 'node20',
    entry: { main: './main.js', counter: { import: './counter.js', library: { type: '${format}' } } },
    output: { path: import.meta.dirname, filename: '[name].js'${format === 'module' ? ", module: true, chunkFormat: 'module'" : ''} },
    ${format === 'module' ? 'experiments: { outputModule: true },' : ''}
    ${more}
  };
`;

const webpack = (
  tool: 'webpack' | 'rspack',
  name: string,
  format: 'module' | 'commonjs2',
  mode: string,
  byPath: Result,
  more?: string,
): Build => ({
  name: `${tool}, ${name}`,
  type: format === 'module' ? 'module' : 'commonjs',
  command: [tool, 'build', '--config', 'OUT/config.mjs'],
  config: webpackConfig(mode, format, more),
  main: 'main.js',
  byClass: refused,
  byPath,
});

const rollupConfig = (format: 'es' | 'cjs', bundles: boolean): string => `
  import commonjs from '@rollup/plugin-commonjs';
  import resolve from '@rollup/plugin-node-resolve';

  export default {
    input: ['main.js', 'counter.js'],
    output: { dir: 'OUT', format: '${format}' },
    external: [/^node:/${bundles ? '' : ", 'procxy'"}],
    plugins: [${bundles ? 'resolve({ preferBuiltins: true }), commonjs()' : ''}],
  };
`;

const rollup = (name: string, format: 'es' | 'cjs', bundles: boolean): Build => ({
  name: `Rollup, ${name}`,
  type: format === 'es' ? 'module' : 'commonjs',
  command: ['rollup', '--silent', '--config', 'OUT/config.mjs'],
  config: rollupConfig(format, bundles),
  main: 'main.js',
  byClass: 42,
  byPath: 42,
});

const viteConfig = (bundles: boolean): string => `
  export default {
    build: {
      ssr: true,
      outDir: 'OUT',
      emptyOutDir: false,
      rollupOptions: { input: ['main.js', 'counter.js'], output: { entryFileNames: '[name].js' } },
    },
    ssr: { noExternal: ${bundles || '[]'} },
  };
`;

const vite = (name: string, bundles: boolean): Build => ({
  name: `Vite, ${name}`,
  type: 'module',
  command: ['vite', 'build', '--config', 'OUT/config.mjs'],
  config: viteConfig(bundles),
  main: 'main.js',
  byClass: 42,
  byPath: 42,
});

const esbuild = ['esbuild', '--bundle', '--platform=node', '--log-level=warning', '--outdir=OUT'];
const tsup = ['tsup', 'main.js', 'counter.js', '--out-dir', 'OUT', '--no-config'];

export const builds: Build[] = [
  {
    name: 'esbuild, the class outside',
    type: 'module',
    command: [...esbuild, 'main.js', '--format=esm', '--external:./counter.js'],
    copies: ['counter.js'],
    main: 'main.js',
    byClass: 42,
    byPath: 42,
  },
  {
    name: 'esbuild, two entries',
    type: 'commonjs',
    command: [...esbuild, 'main.js', 'counter.js', '--format=cjs'],
    main: 'main.js',
    byClass: refused,
    byPath: 42,
  },
  {
    name: 'esbuild, two entries, minified',
    type: 'module',
    command: [...esbuild, 'main.js', 'counter.js', '--format=esm', '--minify'],
    main: 'main.js',
    byClass: refused,
    byPath: refused,
  },
  {
    name: 'esbuild, splitting',
    type: 'module',
    command: [...esbuild, 'main.js', 'counter.js', '--format=esm', '--splitting'],
    main: 'main.js',
    byClass: 42,
    byPath: 42,
  },
  rollup('ES modules', 'es', true),
  rollup('CommonJS', 'cjs', true),
  rollup('procxy external', 'es', false),
  vite('--ssr', false),
  vite('ssr.noExternal', true),
  webpack('webpack', 'production', 'commonjs2', 'production', refused),
  webpack('webpack', 'production, ES modules', 'module', 'production', 42),
  webpack('webpack', 'development', 'commonjs2', 'development', 42),
  webpack('rspack', 'production', 'commonjs2', 'production', refused),
  // The app's folder puts spaces into its names of modules, and V8 ignores names with spaces.
  webpack('rspack', 'development, eval-source-map', 'commonjs2', 'development', 42, "devtool: 'eval-source-map',"),
  {
    name: 'ncc',
    type: 'module',
    command: ['ncc', 'build', 'main.js', '--out', 'OUT', '--quiet'],
    copies: ['counter.js'],
    main: 'index.js',
    byClass: refused,
    byPath: 42,
  },
  {
    name: 'ncc, --minify',
    type: 'module',
    command: ['ncc', 'build', 'main.js', '--out', 'OUT', '--quiet', '--minify'],
    copies: ['counter.js'],
    main: 'index.js',
    byClass: refused,
    byPath: 42,
  },
  {
    name: 'tsup, ES modules',
    type: 'module',
    command: [...tsup, '--format', 'esm'],
    main: 'main.js',
    byClass: 42,
    byPath: 42,
  },
  {
    name: 'tsup, CommonJS',
    type: 'commonjs',
    command: [...tsup, '--format', 'cjs'],
    main: 'main.cjs',
    byClass: refused,
    byPath: 42,
  },
];
