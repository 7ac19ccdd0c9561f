import { Script } from 'node:vm';
import { expect, test } from 'vitest';
import { callerUrl } from '../../src/parent/caller.js';

/** The function that a user calls. */
function api(): string | undefined {
  return callerUrl(api);
}

/** The same from a file of that name. */
function callFrom(filename: string): string | undefined {
  const call = new Script('(run) => run()', { filename }).runInThisContext() as (run: typeof api) => string | undefined;
  return call(api);
}

test('is the file that called the function', () => {
  expect(api()).toMatch(/^file:.*\/tests\/parent\/caller\.test\.ts$/);
  const nested = (): string | undefined => [1].map(() => api())[0];
  expect(nested()).toBe(api());
});

test.each([
  ['/app/src/main.js', 'file:///app/src/main.js'],
  ['/app/with space & ü.js', 'file:///app/with%20space%20&%20%C3%BC.js'],
  ['file:///app/main.mjs', 'file:///app/main.mjs'],
])('the file %s as %s', (filename, url) => {
  expect(callFrom(filename)).toBe(url);
});

test.each(['[eval]', 'evalmachine.<anonymous>', 'node:repl'])(
  '%s is not a file: the next one up is meant',
  (filename) => {
    expect(callFrom(filename)).toMatch(/caller\.test\.ts$/);
  },
);

test('leaves the stacks of errors as they were, also where a user has changed how they are made', () => {
  const { prepareStackTrace, stackTraceLimit } = Error;
  const own = (): string => 'rewritten';
  Error.prepareStackTrace = own;
  Error.stackTraceLimit = 0;
  try {
    expect(api()).toMatch(/caller\.test\.ts$/);
    expect(Error.prepareStackTrace).toBe(own);
    expect(Error.stackTraceLimit).toBe(0);
  } finally {
    Object.assign(Error, { prepareStackTrace, stackTraceLimit });
  }
});
