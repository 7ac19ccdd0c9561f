import { copyFile, cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { nodeBinary } from '../support/nodes.js';
import { installPackage, run, type InstalledPackage } from '../support/packed.js';

// Installing takes as long as the registry and the machine let it.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const counter = `class Counter {
  #count;
  constructor(start = 0) { this.#count = start; }
  add(amount) { return (this.#count += amount); }
}`;

const program = `
  import { createRequire } from 'node:module';
  import { procxy } from 'procxy';
  import { Counter } from './counter.js';

  const { Counter: Outside } = createRequire(process.execPath)('./outside.cjs');
  const execPath = process.argv[2];

  async function report(way, start) {
    try {
      const counter = await start();
      console.log(way + ':', await counter.add(2));
      await counter.$terminate();
    } catch (error) {
      console.log(way + ':', error.name);
    }
  }

  async function main() {
    await report('no execPath', () => procxy(Counter, './counter.js', {}, 40));
    await report('its own execPath', () => procxy(Counter, './counter.js', { execPath: process.execPath }, 40));
    await report('a spare', () => procxy.warm(1));
    await report('in process', () => procxy(Counter, { inProcess: true }, 40));
    await report('by class', () => procxy(Counter, { execPath }, 40));
    await report('by path', () => procxy(Counter, './counter.js', { execPath }, 40));
    await report('by path, on a socket', () => procxy(Counter, './counter.js', { execPath, channel: 'socket' }, 40));
    await report('a class outside', () => procxy(Outside, { execPath }, 40));
  }
  main();
`;

const prints = `no execPath: OptionsValidationError
its own execPath: OptionsValidationError
a spare: OptionsValidationError
in process: 42
by class: ModuleResolutionError
by path: 42
by path, on a socket: 42
a class outside: 42
`;

let app: InstalledPackage;
beforeAll(async () => {
  app = await installPackage('postject@1.0.0-alpha.6');
  await app.write({
    'main.js': program,
    'counter.js': `export ${counter}`,
    'outside.cjs': `exports.Counter = ${counter};`,
  });
});
afterAll(() => app?.remove());

/** The path that the script has during the build is V8's name for it afterwards. */
test.each([
  [20, 'a relative path'],
  [24, 'an absolute path'],
] as const)('a single executable application of Node %i, built from %s', async (major, kind) => {
  const node = await nodeBinary(major);
  const script = kind === 'an absolute path' ? join(app.folder, 'bundle.cjs') : 'bundle.cjs';
  const settings = { bundle: true, platform: 'node', format: 'cjs', logLevel: 'silent' } as const;
  await build({ ...settings, absWorkingDir: app.folder, entryPoints: ['main.js'], outfile: 'bundle.cjs' });
  const config = { main: script, output: 'app.blob', disableExperimentalSEAWarning: true };
  await app.write({ 'sea.json': JSON.stringify(config) });
  const inject = ['node_modules/postject/dist/cli.js', 'app', 'NODE_SEA_BLOB', 'app.blob', '--sentinel-fuse', FUSE];
  await copyFile(node, join(app.folder, 'app'));
  for (const args of [['--experimental-sea-config', 'sea.json'], inject]) {
    const { code, stdout, stderr } = await run(args === inject ? process.execPath : node, args, { cwd: app.folder });
    expect(code, stdout + stderr).toBe(0);
  }

  const target = await app.elsewhere();
  for (const file of ['app', 'counter.js', 'outside.cjs', 'package.json', 'node_modules/procxy']) {
    await cp(join(app.folder, file), join(target, file), { recursive: true });
  }
  await rm(join(app.folder, 'bundle.cjs'));
  const outcome = await run(join(target, 'app'), [process.execPath], { cwd: await app.elsewhere() });
  expect(outcome).toEqual({ stdout: prints, stderr: '', code: 0 });
});

/** What Node's documentation says to look for in its executable. */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';
