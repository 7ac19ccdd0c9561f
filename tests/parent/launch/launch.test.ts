import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { spawnSettings } from '../../../src/parent/launch/launch.js';
import { resolveOptions } from '../../../src/parent/options/resolve-options.js';
import type { ProcxyOptions } from '../../../src/types/options.js';

const settings = (given: ProcxyOptions): object => spawnSettings(resolveOptions(given, undefined));

test('options that spawn() has are passed on unchanged', () => {
  expect(settings({})).toEqual({ windowsHide: false });
  expect(settings({ windowsHide: true, uid: 0, gid: 5, execPath: '/opt/node' })).toEqual({
    windowsHide: true,
    uid: 0,
    gid: 5,
    execPath: '/opt/node',
  });
});

test('a child in Node starts where this process was started, and others in their directory', () => {
  expect(settings({ cwd: '/' })).not.toHaveProperty('cwd');
  expect(settings({ cwd: '/', execPath: 'bun' })).toHaveProperty('cwd', resolve('/'));
  expect(settings({ cwd: pathToFileURL(tmpdir()), execPath: 'deno' })).toHaveProperty('cwd', tmpdir());
  expect(settings({ cwd: pathToFileURL(tmpdir()).href, agent: '/a.py' })).toHaveProperty('cwd', tmpdir());
});
