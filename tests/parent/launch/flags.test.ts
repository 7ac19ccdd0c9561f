import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { inheritedFlags } from '../../../src/parent/launch/flags.js';

const cases: [flags: string[], kept: string[]][] = [
  [
    ['--import', 'tsx', '--enable-source-maps'],
    ['--import', 'tsx', '--enable-source-maps'],
  ],
  [
    ['--require=./hook.cjs', '--max-old-space-size=64'],
    [`--require=${resolve('hook.cjs')}`, '--max-old-space-size=64'],
  ],
  [['--inspect', '--inspect-brk=0', '--inspect-port', '9230', '--expose-gc'], ['--expose-gc']],
  [['--test', '--test-reporter', 'spec', '--test-name-pattern=x', '--conditions=dev'], ['--conditions=dev']],
  [['--watch', '--watch-path', './src', '--no-warnings'], ['--no-warnings']],
  [['--input-type=module', '-e', 'code', '--no-warnings'], ['--no-warnings']],
  [['-p', '1 + 1'], []],
  [
    ['-r', './hook.cjs'],
    ['-r', resolve('hook.cjs')],
  ],
];
for (const [flags, kept] of cases) {
  test(`${flags.join(' ')} → ${kept.join(' ') || 'nothing'}`, () => {
    expect(inheritedFlags(flags)).toEqual(kept);
  });
}
