import { defineConfig, type Options } from 'tsup';

// uuid is bundled: it is an ES module of many files, which a child's start would look up, and which `require('procxy')` would load.
const shared = { target: 'node20', sourcemap: false, treeshake: true, noExternal: ['uuid'] };

/** Errors are classes that users compare with: `procxy` and `procxy/remote` share a file of them. */
const withErrors: Options = {
  esbuildPlugins: [
    {
      name: 'shared-errors',
      setup(build) {
        build.onResolve({ filter: /\/(?:host-|fleet-)?errors\.js$/ }, () => ({ path: './errors.js', external: true }));
      },
    },
  ],
  plugins: [
    {
      name: 'shared-errors-in-commonjs',
      renderChunk(code) {
        return this.format === 'cjs' ? { code: code.replace(/(["'])\.\/errors\.js\1/g, '"./errors.cjs"') } : undefined;
      },
    },
  ],
};

export default defineConfig([
  { ...shared, entry: { errors: 'src/shared-errors.ts' }, format: ['esm', 'cjs'] },
  { ...shared, ...withErrors, entry: { index: 'src/index.ts' }, format: ['esm', 'cjs'], dts: true },
  // Apart from the index, so that each is one file.
  { ...shared, entry: { 'process-proxy': 'src/process-proxy/index.ts' }, format: ['esm', 'cjs'], dts: true },
  { ...shared, entry: { opentelemetry: 'src/opentelemetry/index.ts' }, format: ['esm', 'cjs'], dts: true },
  { ...shared, ...withErrors, entry: { remote: 'src/remote/index.ts' }, format: ['esm', 'cjs'], dts: true },
  // The command imports the entry beside it.
  {
    ...shared,
    ...withErrors,
    entry: { 'procxy-host': 'src/remote/host-command.ts' },
    format: ['esm'],
    banner: { js: '#!/usr/bin/env node' },
    esbuildPlugins: [
      ...(withErrors.esbuildPlugins ?? []),
      {
        name: 'remote-beside-it',
        setup(build) {
          build.onResolve({ filter: /^\.\/index\.js$/ }, () => ({ path: './remote.js', external: true }));
        },
      },
    ],
  },
  { ...shared, entry: { ipc: 'src/ipc/index.ts' }, format: ['esm', 'cjs'], dts: true },
  // One CommonJS file: it starts 3.5 ms sooner than an ES module. Every child reads it, so that it is short. Names are kept: Deno cannot read it with some of those that are made up.
  {
    ...shared,
    entry: { agent: 'src/child/agent.ts' },
    format: ['cjs'],
    dts: true,
    esbuildOptions: (options) => Object.assign(options, { minifyWhitespace: true, minifySyntax: true }),
  },
  { ...shared, entry: { 'cached-start': 'src/child/cached-start.ts' }, format: ['cjs'] },
  { ...shared, entry: { rehearsal: 'src/child/rehearsal.ts' }, format: ['esm'] },
]);
