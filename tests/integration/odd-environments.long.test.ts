import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeApp, run } from '../support/packed.js';

const main = `
  import { mkdirSync, rmdirSync } from 'node:fs';
  if (process.argv[2] === 'deleted') {
    mkdirSync('gone');
    process.chdir('gone');
    rmdirSync('../gone');
  }
  const { procxy, sync } = await import('procxy');
  const { Worker } = await import('./worker.js');
  const options = { enableCallbacks: true, startTimeout: 60_000 };
  for (const more of [{}, { serialization: 'advanced' }, { channel: 'socket' }]) {
    const worker = await procxy(Worker, { ...options, ...more }, [1, 2]);
    const doubled = await worker.map([3, 4], sync((n) => 2 * n));
    const later = await worker.map([5], (n) => n + 1);
    const error = await worker.fail().catch((reason) => reason);
    const late = await worker.$with({ timeout: 5 }).hang().catch((reason) => reason.code);
    console.log(worker.given.join(), doubled.join(), later.join(), error instanceof RangeError, error.message, late);
    await worker.$terminate();
  }`;
const worker = `
  export class Worker {
    constructor(given) { this.given = given; }
    async map(list, fn) { const all = []; for (const each of list) all.push(await fn(each)); return all; }
    fail() { throw new RangeError('failed'); }
    hang() { return new Promise(() => {}); }
    toString() { return 'a worker'; }
  }`;
const result = '1,2 6,8 6 true failed PROCXY_TIMEOUT\n'.repeat(3);

let app: string;
beforeAll(async () => {
  app = await makeApp({
    'package.json': '{ "type": "module" }',
    'main.js': main,
    'worker.js': worker,
    'no-crypto.cjs': 'delete globalThis.crypto;',
    'read-only-limit.cjs': "Object.defineProperty(Error, 'stackTraceLimit', { value: 10 });",
    // As SES does it in lockdown().
    'frozen.cjs': `
      for (const intrinsic of [Object, Function, Array, Error, RangeError, Promise, Map, Set, Symbol, String]) {
        Object.freeze(intrinsic);
        Object.freeze(intrinsic.prototype);
      }`,
    // As old libraries have it.
    'array-to-json.cjs': 'Array.prototype.toJSON = function () { return this.slice(); };',
    'object-to-json.cjs': 'Object.prototype.toJSON = function () { return this; };',
    // As Bluebird: no subclass of the language's own promise.
    'other-promise.cjs': `
      const Native = Promise;
      function Other(executor) { this.inner = new Native(executor); }
      Other.prototype = {
        constructor: Other,
        then(...args) { return Other.resolve(this.inner.then(...args)); },
        catch(handler) { return this.then(undefined, handler); },
        finally(handler) { return Other.resolve(this.inner.finally(handler)); },
      };
      for (const name of ['resolve', 'reject', 'all', 'race', 'allSettled', 'any']) {
        Other[name] = (...args) => new Other((resolve, reject) => Native[name](...args).then(resolve, reject));
      }
      globalThis.Promise = Other;`,
  });
});
afterAll(() => rmSync(app, { recursive: true }));

async function start(flags: string[], ...args: string[]): Promise<string> {
  const { stdout, stderr } = await run(process.execPath, ['--no-warnings', ...flags, 'main.js', ...args], { cwd: app });
  return stdout + stderr;
}

describe('parent and child work', () => {
  test.each([
    ['as usual', []],
    ['with --frozen-intrinsics', ['--frozen-intrinsics']],
    ['with frozen intrinsics, as SES leaves them', ['-r', './frozen.cjs']],
    ['with a read-only Error.stackTraceLimit', ['-r', './read-only-limit.cjs']],
    ['without stack traces', ['--stack-trace-limit=0']],
    ['with another global Promise', ['-r', './other-promise.cjs']],
    // Node 20 has a flag for it, --no-experimental-global-webcrypto.
    ['with a toJSON of every array', ['-r', './array-to-json.cjs']],
    ['with a toJSON of every object', ['-r', './object-to-json.cjs']],
    ['without the global crypto', ['-r', './no-crypto.cjs']],
  ])('%s', async (_name, flags) => {
    expect(await start(flags)).toBe(result);
  });

  test('in a working directory that has been removed before the package is loaded', async () => {
    expect(await start([], 'deleted')).toBe(result);
    expect(join(app, 'gone')).not.toBe(process.cwd());
  });
});
