import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { installPackage, root, run, type InstalledPackage } from '../support/packed.js';
import { readPage } from '../support/snippets.js';

/** The pages that show a program before and after moving to procxy, run with the published packages that they move from. */

// Installing takes as long as the registry and the machine let it.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 300_000 });

/** The versions that the pages name. */
const packages = { comlink: '4.4.2', piscina: '5.3.2', workerpool: '10.0.3' };
const pages = ['worker-threads', 'comlink', 'piscina', 'workerpool'].map((name) => ({
  name,
  ...readPage(join(root, `docs/recipes/moving-from-${name}.md`)),
}));

let app: InstalledPackage;
beforeAll(async () => {
  app = await installPackage(...Object.entries(packages).map(([name, version]) => `${name}@${version}`));
  for (const { name, commands } of pages) {
    for (const file of commands.flatMap(({ files }) => [...files.values()])) {
      await app.write({ [join(name, file.name)]: file.code });
    }
  }
});
afterAll(() => app?.remove());

/** A process that is killed for its method's sake is replaced, and says so. */
function withoutRestarts(stderr: string): string {
  return stderr.replace(/^\(node:\d+\) \[PROCXY_RESTARTED\] .*\n(\(Use `node --trace-warnings.*\n)?/gm, '');
}

describe.each(pages)('moving from $name', ({ name, commands, problems }) => {
  test('shows one program before and after, with the same output', () => {
    expect(problems).toEqual([]);
    expect(commands.map(({ text }) => text)).toEqual(['node before/main.js', 'node after/main.js']);
    const [before, after] = commands;
    expect(before?.expected.length).toBeGreaterThan(1);
    expect(after?.expected).toEqual(before?.expected);
  });

  test.each(['before', 'after'])('the program %s prints what the page shows', async (when) => {
    const expected = commands[0]?.expected.join('\n');
    const { code, stdout, stderr } = await run(process.execPath, [`${when}/main.js`], { cwd: join(app.folder, name) });
    expect({ code, stdout, stderr: withoutRestarts(stderr) }).toEqual({ code: 0, stdout: `${expected}\n`, stderr: '' });
  });

  test('the program before does not use procxy, and the program after uses nothing else', () => {
    const imports = (when: string): string[] =>
      [...(commands[0]?.files ?? []), ...(commands[1]?.files ?? [])]
        .filter(([file]) => file.startsWith(`${when}/`))
        .flatMap(([, { code }]) => [...code.matchAll(/from '([^'.]+)/g)].map(([, source = '']) => source));
    expect(imports('before')).not.toContain('procxy');
    expect(new Set(imports('after'))).toEqual(new Set(['procxy']));
  });
});

describe('what the pages say of the others', () => {
  const modules = {
    'fail.js': `
      export function fail() {
        throw Object.assign(new RangeError('too far', { cause: new Error('inner') }), { code: 'FAR' });
      }
      export const show = (error) => [error instanceof RangeError, error.code ?? '-', error.cause?.message ?? '-'].join();
    `,
    'piscina-worker.js': `export { fail } from './fail.js';`,
    'workerpool-worker.js': `
      import workerpool from 'workerpool';
      import { fail } from './fail.js';
      workerpool.worker({ fail, echo: (value) => value });
    `,
    'comlink-worker.js': `
      import { parentPort } from 'node:worker_threads';
      import { expose } from 'comlink';
      import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
      import { fail } from './fail.js';
      expose({ fail, end: () => process.exit(3), logger: { info: (text) => text } }, nodeEndpoint(parentPort));
    `,
    'class.js': `
      import { fail } from './fail.js';
      export class Failing { logger = { info: (text) => text }; fail() { fail(); } }
    `,
  };

  async function printed(program: string): Promise<string> {
    await app.write(
      Object.fromEntries(Object.entries({ ...modules, 'main.js': program }).map(([n, t]) => [`facts/${n}`, t])),
    );
    const { stdout, stderr } = await run(process.execPath, ['main.js'], { cwd: join(app.folder, 'facts') });
    expect(stderr).toBe('');
    return stdout.trim();
  }

  const url = (file: string): string => `new URL('./${file}', import.meta.url)`;

  test('Comlink: an error loses its class, code and cause, and a call to a dead worker stays pending', async () => {
    const output = await printed(`
      import { once } from 'node:events';
      import { Worker } from 'node:worker_threads';
      import { wrap } from 'comlink';
      import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
      import { show } from './fail.js';
      const worker = new Worker(${url('comlink-worker.js')});
      const remote = wrap(nodeEndpoint(worker));
      await remote.fail().catch((error) => console.log(show(error), error.name));
      console.log(await remote.logger.info('nested'));
      let settled = false;
      remote.end().finally(() => (settled = true));
      await once(worker, 'exit');
      await new Promise((resolve) => setTimeout(resolve, 100));
      console.log(settled);
    `);
    expect(output).toBe('false,-,- RangeError\nnested\nfalse');
  });

  test('piscina: an error keeps its class and cause, and loses its code', async () => {
    const output = await printed(`
      import { Piscina } from 'piscina';
      import { show } from './fail.js';
      const pool = new Piscina({ filename: ${url('piscina-worker.js')}.href, maxThreads: 1, minThreads: 1 });
      await pool.run(0, { name: 'fail' }).catch((error) => console.log(show(error)));
      await pool.close();
    `);
    expect(output).toBe('true,-,inner');
  });

  test('workerpool: an error loses its class, and a process changes what JSON does not have', async () => {
    const output = await printed(`
      import { fileURLToPath } from 'node:url';
      import workerpool from 'workerpool';
      import { show } from './fail.js';
      const script = fileURLToPath(${url('workerpool-worker.js')});
      for (const workerType of ['thread', 'process']) {
        const pool = workerpool.pool(script, { workerType, maxWorkers: 1 });
        await pool.exec('fail').catch((error) => console.log(show(error)));
        console.log(await pool.exec('echo', [[NaN, new Map([[1, 2]])]]));
        await pool.terminate();
      }
    `);
    expect(output).toBe('false,FAR,inner\n[ NaN, Map(1) { 1 => 2 } ]\nfalse,FAR,inner\n[ null, {} ]');
  });

  test('procxy: an error keeps its class, code and cause, and $get() reads an object with methods', async () => {
    const output = await printed(`
      import { procxy } from 'procxy';
      import { Failing } from './class.js';
      import { show } from './fail.js';
      const failing = await procxy(Failing, { enableReferences: true });
      await failing.fail().catch((error) => console.log(show(error)));
      const logger = await failing.$get('logger');
      console.log(await logger.info('nested'));
      await failing.$terminate();
    `);
    expect(output).toBe('true,FAR,inner\nnested');
  });

  test('the versions are those that the pages and the bench name', () => {
    const bench: unknown = createRequire(import.meta.url)('../bench/contestants/package.json');
    expect(bench).toMatchObject({ dependencies: packages });
  });
});
