import { basename, dirname } from 'node:path';
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { agentPath, ownFiles } from '../../../src/parent/launch/agent-path.js';

test('the agent is a file of the package, and exists', () => {
  expect(agentPath()).toMatch(/agent\.cjs$/);
  expect(existsSync(agentPath())).toBe(true);
  expect(agentPath()).toBe(agentPath());
});

test("the library's own files are recognized by the folder and the start of their names", () => {
  const own = ownFiles() ?? '';
  expect(dirname(own)).toBe(dirname(agentPath()));
  expect(existsSync(`${own}js`)).toBe(true);
  expect(basename(own)).toBe('index.');
});
