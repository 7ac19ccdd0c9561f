import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { childEnv } from '../../../src/parent/launch/environment.js';

let before: NodeJS.ProcessEnv;
beforeEach(() => (before = { ...process.env }));
afterEach(() => (process.env = before));

test("is the parent's, with the changes of the option", () => {
  process.env['KEPT'] = 'kept';
  process.env['UNSET'] = 'gone';
  const env = childEnv({ inheritEnv: true, env: { ADDED: 'x', UNSET: undefined, KEPT: '' } });
  expect(env).toMatchObject({ ADDED: 'x', KEPT: '' });
  expect('UNSET' in env).toBe(false);
  expect(process.env['UNSET']).toBe('gone');
});

test('is only the option if nothing is inherited', () => {
  process.env['SECRET'] = 'x';
  // No program of Windows starts without it.
  const needed = process.platform === 'win32' ? { SystemRoot: process.env['SystemRoot'] } : {};
  expect(childEnv({ inheritEnv: false, env: { ONLY: '1' } })).toEqual({ ...needed, ONLY: '1' });
  expect(childEnv({ inheritEnv: false, env: undefined })).toEqual(needed);
});

describe('NODE_OPTIONS', () => {
  test.each([
    ['--inspect', ''],
    ['--inspect-brk=0.0.0.0:9229', ''],
    ['--max-old-space-size=64 --inspect=9229 --import tsx', '--max-old-space-size=64 --import tsx'],
    ['--inspect-port=0 --inspect', ''],
    ['--import ./inspect.js --no-warnings', `--import ${pathToFileURL(resolve('inspect.js')).href} --no-warnings`],
  ])('%j becomes %j: two processes cannot share an inspector port', (given, kept) => {
    process.env['NODE_OPTIONS'] = given;
    expect(childEnv({ inheritEnv: true, env: undefined }).NODE_OPTIONS?.trim().replace(/ +/g, ' ')).toBe(kept);
  });

  test('of the option are passed on unchanged', () => {
    const env = { NODE_OPTIONS: '--inspect=0' };
    expect(childEnv({ inheritEnv: true, env })).toMatchObject(env);
  });
});

test('NODE_OPTIONS load no modules in a child with permissions', () => {
  process.env['NODE_OPTIONS'] = '--no-warnings --import tsx -r ./hook.cjs';
  const env = childEnv({ inheritEnv: true, env: undefined, permissions: {} });
  expect(env.NODE_OPTIONS).toBe('--no-warnings');
});
