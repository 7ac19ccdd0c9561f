import { Script } from 'node:vm';
import { realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { callerUrl } from '../../src/parent/caller.js';

/** The URL of `/`, which has a drive on Windows. */
const disk = pathToFileURL('/').href;

/** The function that a user calls. */
function api(): string | undefined {
  return callerUrl(api);
}

/** The same from a file of that name. */
function callFrom(filename: string): string | undefined {
  const call = new Script('(run) => run()', { filename }).runInThisContext() as (run: typeof api) => string | undefined;
  return call(api);
}

test('the caller is the file that called the function', () => {
  expect(api()).toMatch(/^file:.*\/tests\/parent\/caller\.test\.[jt]s$/);
  const nested = (): string | undefined => [1].map(() => api())[0];
  expect(nested()).toBe(api());
});

test.each([
  ['/app/src/main.js', `${disk}app/src/main.js`],
  ['/app/with space & ü.js', `${disk}app/with%20space%20&%20%C3%BC.js`],
  ['file:///app/main.mjs', 'file:///app/main.mjs'],
])('the file %s as %s', (filename, url) => {
  expect(callFrom(filename)).toBe(url);
});

test.each(['[eval]', 'evalmachine.<anonymous>', 'node:repl', 'webpack://app/./main.js', 'rsc://Server/main.js?1'])(
  '%s is not a file, so that the next caller counts',
  (filename) => {
    expect(callFrom(filename)).toMatch(/caller\.test\.[jt]s$/);
  },
);

/** The same from code that `eval` runs, with that name, in a later turn of the event loop. */
async function callFromEvaluated(name: string): Promise<string | undefined> {
  const code = `return async (run) => { await null; return run(); };\n//# sourceURL=${name}`;
  const call = new Function(code)() as (run: typeof api) => Promise<string | undefined>;
  // Not awaited here: an asynchronous frame of this file would be the next one up.
  return new Promise((resolve) => void call(api).then(resolve));
}

test('code that was run by eval calls from the file that it names', async () => {
  expect(await callFromEvaluated('/app/src/main.js')).toBe(`${disk}app/src/main.js`);
  expect(await callFromEvaluated('file:///app/src/main.js')).toBe('file:///app/src/main.js');
});

test('code that was run by eval and has a name from a bundle calls from the file that runs', async () => {
  const main = pathToFileURL(realpathSync(process.argv[1] ?? '')).href;
  expect(await callFromEvaluated('webpack-internal:///./main.js')).toBe(main);
  expect(await callFromEvaluated('webpack://app/./src/main.js?a1b2')).toBe(main);
});

test('code that was run by eval without a name of its own calls from the file that ran it', async () => {
  expect(await callFromEvaluated('')).toBe(api());
  const name = 'webpack-internal:///./a name with spaces, which V8 ignores.js';
  expect(await callFromEvaluated(name)).toBe(api());
});

test('leaves the stacks of errors as they were, also where a user has changed how they are made', () => {
  const { prepareStackTrace, stackTraceLimit } = Error;
  const own = (): string => 'rewritten';
  Error.prepareStackTrace = own;
  Error.stackTraceLimit = 0;
  try {
    expect(api()).toMatch(/caller\.test\.[jt]s$/);
    expect(Error.prepareStackTrace).toBe(own);
    expect(Error.stackTraceLimit).toBe(0);
  } finally {
    Object.assign(Error, { prepareStackTrace, stackTraceLimit });
  }
});
