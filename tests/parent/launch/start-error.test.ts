import { expect, test } from 'vitest';
import { startError } from '../../../src/parent/launch/start-error.js';
import { resolveOptions } from '../../../src/parent/options/resolve-options.js';

const failure = Object.assign(new Error('spawn EINVAL'), { code: 'EINVAL' });
const messageFor = (execPath: string): string => startError(failure, resolveOptions({ execPath }, undefined)).message;

test.each(['C:\\tools\\node.cmd', './run.BAT'])('a batch file is named: %s', (path) => {
  expect(messageFor(path)).toBe(
    `The child process could not be started: spawn EINVAL. A batch file is not a program, but \`execPath\` is ${path}. Name the executable that it starts.`,
  );
});

test('otherwise, the options to check are named', () => {
  expect(messageFor('/opt/node')).toMatch(/spawn EINVAL\. Check `execPath`, `cwd` and `env`\.$/);
});
