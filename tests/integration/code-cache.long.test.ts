import { execFile } from 'node:child_process';
import {
  chmod,
  chown,
  cp,
  link,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { Script } from 'node:vm';
import { afterEach, beforeEach, expect, test } from 'vitest';

const dist = fileURLToPath(new URL('../../dist', import.meta.url));
const run = promisify(execFile);
const isRoot = process.getuid?.() === 0;

const echo = `export class Echo {
  say(text) { return text; }
  seen() {
    const { argv, env } = process;
    return { agent: argv[1], args: argv.slice(2), variable: 'PROCXY_CODE_CACHE' in env, isPoisoned: 'p' in globalThis };
  }
}`;
const main = `import { procxy } from ${JSON.stringify(pathToFileURL(join(dist, 'index.js')))};
import { Echo } from './echo.mjs';
const { module = './echo.mjs', ...options } = JSON.parse(process.argv[2]);
const echo = await procxy(Echo, new URL(encodeURI(module).replace('#', '%23'), import.meta.url), options);
await echo.say('hello');
console.log(JSON.stringify(await echo.seen()));
await echo.$terminate();`;

let base: string;
let cacheHome: string;
beforeEach(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), 'procxy-code-cache-')));
  cacheHome = join(base, 'cache');
  await mkdir(cacheHome, { mode: 0o700 });
  await writeFile(join(base, 'echo.mjs'), echo);
  await writeFile(join(base, 'main.mjs'), main);
});
afterEach(() => rm(base, { recursive: true, force: true }));

interface Seen {
  agent: string;
  args: string[];
  variable: boolean;
  isPoisoned: boolean;
}

/** What a child sees that an application of its own has started. */
async function seen(options: object = {}, env: NodeJS.ProcessEnv = {}): Promise<Seen> {
  const { stdout } = await run(process.execPath, [join(base, 'main.mjs'), JSON.stringify(options)], {
    env: { ...process.env, XDG_CACHE_HOME: cacheHome, ...env },
  });
  return JSON.parse(stdout) as Seen;
}

const directory = (): string => join(cacheHome, 'procxy');
const cached = async (): Promise<string[]> => readdir(directory()).catch(() => []);

/** Saves a cache by a first child, and puts one in its place that belongs to a script of the same length. */
async function poison(): Promise<string> {
  expect(await seen()).toMatchObject({ isPoisoned: false });
  const [name = ''] = await cached();
  const agent = await readFile(join(dist, 'agent.cjs'), 'latin1');
  const [first, other] = ["'use strict';\n", 'globalThis.p=1'];
  expect(agent.slice(0, first.length)).toBe(first);
  expect(other).toHaveLength(first.length);
  const script = new Script(
    `(function (exports, require, module, __filename, __dirname) {${other}${agent.slice(first.length)}\n})`,
  );
  script.runInThisContext();
  await writeFile(join(directory(), name), script.createCachedData(), { mode: 0o600 });
  return join(directory(), name);
}

test('the first child saves the cache where its user alone can read and write', async () => {
  const { agent, args, variable } = await seen({ args: ['one'] });
  expect({ agent, args, variable }).toEqual({ agent: join(dist, 'agent.cjs'), args: ['one'], variable: false });
  const names = await cached();
  expect(names).toEqual([expect.stringMatching(/^[0-9a-f]{64}-\d+$/)]);
  expect((await lstat(directory())).mode & 0o777).toBe(0o700);
  expect((await lstat(join(directory(), names[0] ?? ''))).mode & 0o777).toBe(0o600);
});

test('the next child starts from it, also on the socket channel and beside flags of Node', async () => {
  await poison();
  expect(await seen()).toMatchObject({ isPoisoned: true, args: [], variable: false });
  expect(await seen({ channel: 'socket' })).toMatchObject({ isPoisoned: true });
  expect(await seen({ execArgv: ['--no-warnings'] })).toMatchObject({ isPoisoned: true });
});

test('a module on a path that means something else in a URL, and one that imports others, load from the cache', async () => {
  const module = './a #1 %41.mjs';
  await writeFile(join(base, module), `export { Echo } from './echo.mjs'; await import('node:fs');`);
  await seen({ module });
  expect(await cached()).toHaveLength(1);
  expect(await seen({ module })).toMatchObject({ isPoisoned: false });
});

const tampered: [string, (file: string) => Promise<unknown>][] = [
  ['its directory can be read by others', () => chmod(directory(), 0o755)],
  ['the directory above can be written by others', () => chmod(cacheHome, 0o777)],
  ['a directory further above can be written by its group', () => chmod(base, 0o770)],
  ['others can write the file', (file) => chmod(file, 0o620)],
  [
    'its directory is a link',
    async () => {
      await rename(directory(), join(base, 'elsewhere'));
      await symlink(join(base, 'elsewhere'), directory());
    },
  ],
  [
    'the file is a link',
    async (file) => {
      await rename(file, join(base, 'elsewhere'));
      await symlink(join(base, 'elsewhere'), file);
    },
  ],
  ['the file has another name elsewhere', (file) => link(file, join(base, 'elsewhere'))],
];

test.each(tampered)('it is not used when %s', async (_, tamper) => {
  await tamper(await poison());
  expect(await seen()).toMatchObject({ isPoisoned: false });
});

test.runIf(isRoot)('it is not used when another user owns the file, its directory, or one above', async () => {
  for (const owned of ['file', 'directory', 'above'] as const) {
    await rm(directory(), { recursive: true, force: true });
    const file = await poison();
    const path = { file, directory: directory(), above: cacheHome }[owned];
    await chown(path, 65_534, 65_534);
    expect(await seen(), owned).toMatchObject({ isPoisoned: false });
    await chown(path, 0, 0);
  }
});

test('each copy of the package has a cache of its own, so that stacks do not name the files of another copy', async () => {
  for (const copy of ['one', 'two']) {
    const app = join(base, copy);
    const installed = join(app, 'node_modules', 'procxy');
    await cp(dist, join(installed, 'dist'), { recursive: true });
    await cp(join(dist, '..', 'package.json'), join(installed, 'package.json'));
    await writeFile(join(app, 'failing.mjs'), `export class Failing { fail() { throw new Error('failed'); } }`);
    const program = join(app, 'main.mjs');
    await writeFile(
      program,
      `import { procxy } from 'procxy';
import { Failing } from './failing.mjs';
const failing = await procxy(Failing);
console.log((await failing.fail().catch((error) => error)).stack);
await failing.$terminate();`,
    );
    const { stdout } = await run(process.execPath, [program], { env: { ...process.env, XDG_CACHE_HOME: cacheHome } });
    expect(stdout, copy).toMatch(/^Error: failed\n {4}at Failing\.fail .*\n {4}at .*\.mjs:4:\d+\n$/);
  }
  expect(await cached()).toHaveLength(2);
});

test('a file that is damaged is written again', async () => {
  await seen();
  const file = join(directory(), (await cached())[0] ?? '');
  const whole = await readFile(file);
  for (const damaged of [Buffer.alloc(0), whole.subarray(0, 20), Buffer.alloc(whole.length, 1)]) {
    await writeFile(file, damaged);
    expect(await seen()).toMatchObject({ isPoisoned: false });
    expect((await readFile(file)).length).toBeGreaterThan(100_000);
  }
});

test('a child starts without it: with permissions, as another program or user, with NODE_DISABLE_COMPILE_CACHE', async () => {
  await poison();
  const node = join(base, 'node');
  await symlink(process.execPath, node);
  const permissions = { read: [base] };
  expect(await seen({ permissions })).toMatchObject({ isPoisoned: false });
  expect(await seen({ execPath: node })).toMatchObject({ isPoisoned: false });
  expect(await seen({ gid: process.getgid?.() })).toMatchObject({ isPoisoned: false });
  expect(await seen({}, { NODE_DISABLE_COMPILE_CACHE: '1' })).toMatchObject({ isPoisoned: false });
  expect(await seen({ env: { NODE_DISABLE_COMPILE_CACHE: '1' } })).toMatchObject({ isPoisoned: false });
});

test('a child with other flags for V8 neither uses it nor replaces it', async () => {
  const file = await poison();
  const before = await readFile(file);
  const execArgv = ['--no-opt', '--max-lazy'];
  expect(await seen({ execArgv })).toMatchObject({ isPoisoned: false });
  expect((await readFile(file)).equals(before)).toBe(true);
  await rm(file);
  await seen({ execArgv });
  expect(await cached()).toEqual([]);
});

test('nothing is said where no cache can be written', async () => {
  await writeFile(join(base, 'a file'), '');
  expect(await seen({}, { XDG_CACHE_HOME: join(base, 'a file') })).toMatchObject({ isPoisoned: false });
  expect(await seen({}, { XDG_CACHE_HOME: 'relative', HOME: join(base, 'a file') })).toMatchObject({
    isPoisoned: false,
  });
  expect(await readdir(base)).not.toContain('relative');
});

test('children that start at the same time leave one whole file', async () => {
  await Promise.all(Array.from({ length: 4 }, () => seen()));
  expect(await cached()).toHaveLength(1);
  expect(await seen()).toMatchObject({ isPoisoned: false });
});
