import { basename, dirname } from 'node:path';
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { agentPath, ownFiles } from '../../../src/parent/launch/agent-path.js';

test("the agent is the package's own, and is there", () => {
  expect(agentPath()).toMatch(/agent\.cjs$/);
  expect(existsSync(agentPath())).toBe(true);
  expect(agentPath()).toBe(agentPath());
});

test('the own files are known by how their names begin, beside the agent', () => {
  const own = ownFiles() ?? '';
  expect(dirname(own)).toBe(dirname(agentPath()));
  expect(existsSync(`${own}js`)).toBe(true);
  expect(basename(own)).toBe('index.');
});
