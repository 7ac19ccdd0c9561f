import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { locateInOptions, preloadsIn, readPreload, withoutPreloads } from '../../../src/parent/launch/preloads.js';

const vitest = createRequire(import.meta.url).resolve('vitest');

describe('a flag that loads a module', () => {
  test.each([
    [['--import', './a.mjs', 'x'], { located: ['--import', resolve('a.mjs')], length: 2 }],
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
  const quoted = `"${resolve('a b.mjs')}"`;
  test.each([
    ['', '', '', []],
    ['--max-old-space-size=64', '--max-old-space-size=64', '--max-old-space-size=64', []],
    ['  --import  ./a.mjs ', `--import ${resolve('a.mjs')}`, '', ['--import', resolve('a.mjs')]],
    [
      '--import "./a b.mjs" --no-warnings',
      `--import ${quoted} --no-warnings`,
      '--no-warnings',
      ['--import', resolve('a b.mjs')],
    ],
    ['"--import=./a b.mjs"', `"--import=${resolve('a b.mjs')}"`, '', [`--import=${resolve('a b.mjs')}`]],
    [
      '--title="a b" -r vitest --title="say \\"hi\\""',
      `--title="a b" -r ${vitest} --title="say \\"hi\\""`,
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
