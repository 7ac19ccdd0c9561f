import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { locateInOptions, preloadsIn, readPreload, withoutPreloads } from '../../../src/parent/launch/preloads.js';

const vitest = createRequire(import.meta.url).resolve('vitest');
const urlOf = (file: string): string => pathToFileURL(resolve(file)).href;

describe('a flag that loads a module', () => {
  test.each([
    [['--import', './a.mjs', 'x'], { located: ['--import', urlOf('a.mjs')], length: 2 }],
    [['--import', './a%20b.mjs'], { located: ['--import', urlOf('a b.mjs')], length: 2 }],
    [['--loader=../a.mjs'], { located: [`--loader=${urlOf('../a.mjs')}`], length: 1 }],
    [['--require=../a.cjs'], { located: [`--require=${resolve('../a.cjs')}`], length: 1 }],
    [['-r', 'vitest'], { located: ['-r', vitest], length: 2 }],
    [['--require', 'no-such-package'], { located: ['--require', 'no-such-package'], length: 2 }],
    [['-r', 'node:fs'], { located: ['-r', 'node:fs'], length: 2 }],
    [['--import', 'tsx'], { located: ['--import', 'tsx'], length: 2 }],
    [['--experimental-loader', '/a.mjs'], { located: ['--experimental-loader', '/a.mjs'], length: 2 }],
    [['--loader=data:text/javascript,a=b'], { located: ['--loader=data:text/javascript,a=b'], length: 1 }],
    [['--require-module'], undefined],
    [['--imports', 'a'], undefined],
    [[], undefined],
  ])('%j', (flags, preload) => {
    expect(readPreload(flags)).toEqual(preload);
  });
});

describe('NODE_OPTIONS', () => {
  const hook = resolve('a b.cjs');
  /** As Node reads it: a backslash of Windows stands behind another one. */
  const quoted = (path: string): string => (/[\s\\]/.test(path) ? JSON.stringify(path) : path);
  test.each([
    ['', '', '', []],
    ['--max-old-space-size=64', '--max-old-space-size=64', '--max-old-space-size=64', []],
    ['  --import  ./a.mjs ', `--import ${urlOf('a.mjs')}`, '', ['--import', urlOf('a.mjs')]],
    [
      '--import "./a b.mjs" --no-warnings',
      `--import ${urlOf('a b.mjs')} --no-warnings`,
      '--no-warnings',
      ['--import', urlOf('a b.mjs')],
    ],
    ['"--import=./a b.mjs"', `--import=${urlOf('a b.mjs')}`, '', [`--import=${urlOf('a b.mjs')}`]],
    ['-r "./a b.cjs"', `-r ${quoted(hook)}`, '', ['-r', hook]],
    [
      '--title="a b" -r vitest --title="say \\"hi\\""',
      `--title="a b" -r ${quoted(vitest)} --title="say \\"hi\\""`,
      '--title="a b" --title="say \\"hi\\""',
      ['-r', vitest],
    ],
    ['-r "/a \\\\ b.cjs"', '-r "/a \\\\ b.cjs"', '', ['-r', '/a \\ b.cjs']],
  ])('%j', (given, located, without, preloads) => {
    expect(locateInOptions(given)).toBe(located);
    expect(withoutPreloads(given)).toBe(without);
    expect(preloadsIn(given)).toEqual(preloads);
  });
});
