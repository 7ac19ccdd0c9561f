import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ModuleResolutionError } from '../../src/errors.js';
import { findModule, resolveAgent, resolveModule } from '../../src/parent/module-resolver.js';
import { Circle } from '../fixtures/modules/shapes.js';

let folder: string;
let caller: string;
const url = (...names: string[]): string => pathToFileURL(join(folder, ...names)).href;
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'procxy-module-resolver-')));
  caller = url('app', 'main.js');
  for (const name of ['app', 'lib', join('lib', 'indexed')]) mkdirSync(join(folder, name));
  const files = [
    'worker.js',
    'typed.ts',
    'typed.mts',
    'view.tsx',
    'both.js',
    'both.ts',
    'required.cjs',
    'a b#c.js',
    'built.cjs',
    'built.mjs',
    'older.cjs',
  ];
  for (const name of [...files, join('indexed', 'index.js')]) writeFileSync(join(folder, 'lib', name), '');
});
afterAll(() => rmSync(folder, { recursive: true }));

const resolve = (path: string | URL, from: string | undefined = caller): unknown => resolveModule(path, from);

describe('a path', () => {
  test.each([
    ['as it stands', '../lib/worker.js', 'worker.js'],
    ['of a compiled file whose source is there', '../lib/typed.js', 'typed.ts'],
    ['of a compiled module', '../lib/typed.mjs', 'typed.mts'],
    ['of a compiled view', '../lib/view.jsx', 'view.tsx'],
    ['of a compiled file that is there itself', '../lib/both.js', 'both.js'],
    ['of a file that was built as an ES module', '../lib/built.js', 'built.mjs'],
    ['of a file that was built as CommonJS alone', '../lib/older.js', 'older.cjs'],
    ['without its extension, as require() takes it', '../lib/worker', 'worker.js'],
    ['of a folder with an index', '../lib/indexed', 'indexed/index.js'],
  ])('%s', (_name, path, found) => {
    expect(resolve(path)).toEqual({ url: url('lib', found) });
  });

  test('is relative to the caller, or to the working directory if there is no caller', () => {
    expect(() => resolve('./worker.js')).toThrow(ModuleResolutionError);
    expect(resolve('./worker.js', url('lib', 'main.js'))).toEqual({ url: url('lib', 'worker.js') });
    expect(resolveModule('./package.json', undefined)).toEqual({ url: pathToFileURL('package.json').href });
  });

  test('may be absolute, a URL as text, or a URL', () => {
    const expected = { url: url('lib', 'worker.js') };
    expect(resolve(join(folder, 'lib', 'worker.js'))).toEqual(expected);
    expect(resolve(url('lib', 'worker.js'))).toEqual(expected);
    expect(resolve(new URL(url('lib', 'worker.js')))).toEqual(expected);
  });

  test('may have characters with a meaning in URLs', () => {
    expect(resolve(join(folder, 'lib', 'a b#c.js'))).toEqual({ url: url('lib', 'a b#c.js') });
  });
});

test('a package is resolved in the child, as the caller would', () => {
  expect(resolve('lru-cache')).toEqual({ specifier: 'lru-cache', referrer: caller });
  expect(resolve('@scope/pkg/deep.js')).toEqual({ specifier: '@scope/pkg/deep.js', referrer: caller });
  expect(resolve('#internal')).toEqual({ specifier: '#internal', referrer: caller });
});

test('URLs that import() takes everywhere are left as they are', () => {
  for (const kept of ['data:text/javascript,export{}', 'node:events']) expect(resolve(kept)).toEqual({ url: kept });
});

test('without a path the class is found by where it was defined', () => {
  const expected = new URL('../fixtures/modules/shapes.js', import.meta.url).href;
  expect(findModule(Circle, 'Circle')).toEqual({ url: expected });
});

describe('an error says what was looked for', () => {
  const message = (path: string | URL | undefined, type: { readonly name: string } = Circle): string => {
    try {
      if (path === undefined) findModule(type, type.name);
      else resolveModule(path, caller);
    } catch (error) {
      expect(error).toBeInstanceOf(ModuleResolutionError);
      return (error as Error).message;
    }
    throw new Error('It was resolved.');
  };

  test('and relative to what', () => {
    const text = message('./missing.js');
    for (const part of ["'./missing.js'", join(folder, 'app', 'missing.js'), fileURLToPath(caller)]) {
      expect(text).toContain(part);
    }
    expect(message(join(folder, 'missing.js'))).not.toContain(fileURLToPath(caller));
  });

  test.each(['', 'https://example.org/worker.js', 'file://host/share.js', 'file:///%2F'])('of %j', (path) => {
    expect(message(path)).toContain(path);
  });

  test('if the path is a folder', () => {
    expect(message('../lib')).toContain(join(folder, 'lib'));
  });

  test('if no file defines the class', () => {
    const type = new Function('return class Made {}')() as { readonly name: string };
    expect(message(undefined, type)).toMatch(/Made.*eval.*procxy\(/);
    expect(message(undefined, Map)).toContain('the class Map');
  });
});

describe('the program of an agent', () => {
  test('is a path', () => {
    expect(resolveAgent('../lib/worker.js', caller)).toBe(join(folder, 'lib', 'worker.js'));
    expect(resolveAgent(new URL(url('lib', 'worker.js')), undefined)).toBe(join(folder, 'lib', 'worker.js'));
  });

  test.each(['python3', 'node:events'])('and not %s', (agent) => {
    expect(() => resolveAgent(agent, caller)).toThrow(ModuleResolutionError);
    expect(() => resolveAgent(agent, caller)).toThrow(agent);
  });
});
