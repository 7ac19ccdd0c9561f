import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeApp, root, run } from '../support/packed.js';

const program = `
  import { procxy, sync } from 'procxy';
  import { Counter } from './counter.js';

  const agentPath = './bin/procxy-agent.cjs';
  async function report(way, start) {
    try {
      const counter = await start();
      console.log(way + ':', (await counter.add(2)) + (await counter.ask(sync(() => 1), async () => 2)));
      await counter.$terminate();
    } catch (error) {
      console.log(way + ':', error.code);
      if (process.argv[2] === 'messages') console.log(error.message);
    }
  }

  async function main() {
    const start = (options) => () => procxy(Counter, './counter.js', { enableCallbacks: true, ...options }, 40);
    await report('none', start({}));
    await report('relative', start({ agentPath }));
    await report('absolute', start({ agentPath: process.argv[3] }));
    await report('on a socket', start({ agentPath, channel: 'socket' }));
    await report('advanced', start({ agentPath, serialization: 'advanced' }));
    await report('another folder', start({ agentPath, cwd: '/' }));
    await report('confined', start({ agentPath, permissions: { read: [process.argv[4]] } }));
    await procxy.warm(1, { agentPath, enableCallbacks: true });
    await report('a spare', start({ agentPath }));
    await procxy.warm(0, { agentPath, enableCallbacks: true });
    await report('missing', start({ agentPath: './agent.cjs' }));
    await report('a package', start({ agentPath: 'procxy/agent' }));
    await report('no path', start({ agentPath: 7 }));
    await report('with an agent', () => procxy(Counter, { agentPath, agent: './agent.py' }));
    await report('ignored in the same process', start({ agentPath: './none.cjs', inProcess: true }));
  }
  main();
`;

const prints = `none: PROCXY_MODULE_RESOLUTION
relative: 45
absolute: 45
on a socket: 45
advanced: 45
another folder: 45
confined: 45
a spare: 45
missing: PROCXY_OPTIONS_VALIDATION
a package: PROCXY_OPTIONS_VALIDATION
no path: PROCXY_OPTIONS_VALIDATION
with an agent: PROCXY_OPTIONS_VALIDATION
ignored in the same process: 45
`;

let app: string;
let target: string;
beforeAll(async () => {
  app = await makeApp({
    'main.js': program,
    'counter.js': `
      import { add } from './add.js';
      export class Counter {
        #count;
        constructor(start = 0) { this.#count = start; }
        add(amount) { return (this.#count = add(this.#count, amount)); }
        async ask(now, later) { return now() + (await later()); }
      }`,
    'add.js': 'export const add = (a, b) => a + b;',
  });
  target = realpathSync(mkdtempSync(join(tmpdir(), 'procxy-single-')));
});
afterAll(() => {
  for (const folder of [app, target]) if (folder) rmSync(folder, { recursive: true });
});

/** Makes a folder with two bundles and a copy of the agent, and nothing else. */
async function deploy(format: 'esm' | 'cjs', minify: boolean): Promise<string> {
  const folder = mkdtempSync(join(target, 'deployed '));
  await build({
    absWorkingDir: app,
    entryPoints: ['main.js', 'counter.js'],
    outdir: folder,
    outExtension: { '.js': format === 'esm' ? '.mjs' : '.cjs' },
    format,
    minify,
    keepNames: minify,
    bundle: true,
    platform: 'node',
    logLevel: 'silent',
  });
  mkdirSync(join(folder, 'bin'));
  copyFileSync(join(root, 'dist', 'agent.cjs'), join(folder, 'bin', 'procxy-agent.cjs'));
  return folder;
}

test.each([
  ['esm', false],
  ['cjs', false],
  ['esm', true],
] as const)(
  'a bundle (%s, minified: %j) runs with a copy of the agent, and without the package',
  async (format, minify) => {
    const folder = await deploy(format, minify);
    const extension = format === 'esm' ? 'mjs' : 'cjs';
    const agent = join(folder, 'bin', 'procxy-agent.cjs');
    const args = [join(folder, `main.${extension}`), '', agent, join(folder, `counter.${extension}`)];
    // Node 20 warns of its permission model.
    const flags = ['--disable-warning=ExperimentalWarning'];
    const outcome = await run(process.execPath, [...flags, ...args], { cwd: target });
    expect(outcome).toEqual({ stdout: prints, stderr: '', code: 0 });
  },
);

test('errors name the option, and what to copy', async () => {
  const folder = await deploy('esm', false);
  const { stdout } = await run(process.execPath, [join(folder, 'main.mjs'), 'messages'], { cwd: target });
  expect(stdout).toContain('put a copy of its file dist/agent.cjs there and name it in the option `agentPath`.');
  expect(stdout).toContain(
    "The option `agentPath` must be the path of a file, but got './agent.cjs', which is not one. Copy node_modules/procxy/dist/agent.cjs there",
  );
  expect(stdout).toContain("must be the path of a file, but got 'procxy/agent', which is not one.");
  expect(stdout).toContain('The option `agentPath` must be a path or a file: URL, but got 7.');
  expect(stdout).toContain('The option `agentPath` cannot be combined with `agent`');
});
