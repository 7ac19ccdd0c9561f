import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { installPackage, run, type InstalledPackage } from '../support/packed.js';

// Installing takes as long as the registry and the machine let it.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let tools: InstalledPackage;
beforeAll(async () => {
  tools = await installPackage('pnpm@10.34.9', '@yarnpkg/cli-dist@4.18.1');
});
afterAll(() => tools?.remove());

const counter = `class Counter {
  #count;
  constructor(start = 0) { this.#count = start; }
  add(amount) { return (this.#count += amount); }
}`;

/** Of the app's class and of a package's. */
const main = (file: string): string => `
  const report = async (way, start, use) => {
    const proxy = await start().catch((error) => error);
    console.log(way + ':', proxy instanceof Error ? proxy.message : await use(proxy));
    await proxy.$terminate?.();
  };
  const add = (counter) => counter.add(2);
  const keep = async (cache) => (await cache.set('a', 'A'), cache.get('a'));

  async function main() {
    await report('class', () => procxy(Counter, {}, 40), add);
    await report('path', () => procxy(Counter, './${file}', {}, 40), add);
    await report('socket', () => procxy(Counter, './${file}', { channel: 'socket' }, 40), add);
    await report('another folder', () => procxy(Counter, './${file}', { cwd: '/' }, 40), add);
    await report('no environment', () => procxy(Counter, './${file}', { inheritEnv: false }, 40), add);
    await report('class of a package', () => procxy(LRUCache, {}, { max: 2 }), keep);
    await report('package', () => procxy(LRUCache, 'lru-cache', { exportName: 'LRUCache' }, { max: 2 }), keep);
  }
  main();
`;

const programs = {
  'counter.js': `export ${counter}`,
  'counter.cjs': `exports.Counter = ${counter};`,
  'main.js': `
    import { LRUCache } from 'lru-cache';
    import { procxy } from 'procxy';
    import { Counter } from './counter.js';
    ${main('counter.js')}`,
  'main.cjs': `
    const { LRUCache } = require('lru-cache');
    const { procxy } = require('procxy');
    const { Counter } = require('./counter.cjs');
    ${main('counter.cjs')}`,
};

const prints = `class: 42
path: 42
socket: 42
another folder: 42
no environment: 42
class of a package: A
package: A
`;

/** A new app's folder, whose dependencies are named and not installed. */
async function makeApp(files: Readonly<Record<string, string>> = {}): Promise<string> {
  const folder = await tools.elsewhere();
  const dependencies = { procxy: `file:${tools.tarball}`, 'lru-cache': '11.5.3' };
  const manifest = JSON.stringify({ name: 'app', private: true, type: 'module', dependencies });
  for (const [name, text] of Object.entries({ 'package.json': manifest, ...programs, ...files })) {
    await writeFile(join(folder, name), text);
  }
  return folder;
}

const tool = (name: string): string => join(tools.folder, 'node_modules', '.bin', name);

async function install(name: string, args: string[], cwd: string): Promise<void> {
  const { code, stdout, stderr } = await run(tool(name), args, { cwd });
  expect(code, stdout + stderr).toBe(0);
}

test.each(['main.js', 'main.cjs'])('%s runs where pnpm has installed the packages', async (file) => {
  const folder = await makeApp();
  await install('pnpm', ['install', '--no-frozen-lockfile'], folder);
  const outcome = await run(process.execPath, [join(folder, file)], { cwd: await tools.elsewhere() });
  expect(outcome).toEqual({ stdout: prints, stderr: '', code: 0 });
});

test.each(['main.js', 'main.cjs'])('%s runs under Yarn’s Plug’n’Play, where packages are archives', async (file) => {
  const settings = {
    nodeLinker: 'pnp',
    enableGlobalCache: false,
    enableTelemetry: false,
    enableImmutableInstalls: false,
  };
  const folder = await makeApp({ 'yarn.lock': '', '.yarnrc.yml': JSON.stringify(settings) });
  await install('yarn', ['install'], folder);
  const { stdout, code } = await run(tool('yarn'), ['node', file], { cwd: folder });
  expect({ stdout, code }).toEqual({ stdout: prints, code: 0 });
});
