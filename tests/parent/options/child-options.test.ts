import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { optionTable } from '../../../src/options/table.js';
import { keyOfChild } from '../../../src/parent/options/child-options.js';
import { resolveOptions } from '../../../src/parent/options/resolve-options.js';
import type { ProcxyOptions } from '../../../src/types/options.js';

/** Two values of each option that differ, with the options that they need. */
const examples: { [K in keyof ProcxyOptions]-?: [ProcxyOptions[K], ProcxyOptions[K], needed?: ProcxyOptions] } = {
  modulePath: ['./a.js', './b.js'],
  exportName: ['A', 'B'],
  create: ['open', 'make'],
  agent: ['./a.py', './b.py'],
  agentPath: ['/a/agent.cjs', '/b/agent.cjs'],
  inProcess: [true, false],
  host: [undefined, undefined],
  serialization: ['json', 'advanced'],
  sanitizeV8: [true, false, { serialization: 'advanced' }],
  supportHandles: [true, false],
  enableCallbacks: [true, false],
  maxCallbacks: [1, 2],
  enableReferences: [true, false],
  maxReferences: [1, 2],
  callbackTimeout: [Infinity, 5],
  timeout: [Infinity, 5],
  onTimeout: ['keep', 'terminate'],
  retries: [0, 1],
  mirror: [true, ['size']],
  mirrorLimit: [1, 2],
  busyPoll: [0, 50],
  signal: [undefined, new AbortController().signal],
  startTimeout: [1, 2],
  terminateTimeout: [1, 2],
  env: [{ A: '1' }, { A: '2' }],
  inheritEnv: [true, false],
  cwd: ['/', new URL('file:///tmp/')],
  uid: [undefined, 1000],
  gid: [undefined, 1000],
  windowsHide: [true, false],
  killSignal: ['SIGTERM', 'SIGINT'],
  args: [['x'], ['x', undefined as never]],
  execPath: [undefined, '/usr/bin/node'],
  execArgv: [[], ['--expose-gc']],
  channel: ['ipc', 'socket'],
  stdio: ['pipe', 'inherit'],
  permissions: [{ read: ['/a/'] }, { read: [pathToFileURL('/b/')] }],
  resourceLimits: [undefined, { maxOldGenerationSizeMb: 64 }],
  heartbeat: [undefined, { limit: 100 }],
  restart: [true, { maxRestarts: 2 }],
};

describe('a child that was started ahead', () => {
  test.each(Object.entries(examples))('fits another %s only if it can change that later', (name, example) => {
    const [one, other, needed] = example;
    const keyOf = (value: unknown): string => keyOfChild(resolveOptions({ ...needed, [name]: value }, undefined));
    const { fixedAtStart } = optionTable[name as keyof typeof optionTable];
    expect(keyOf(one)).toBe(keyOf(one));
    expect(keyOf(one) === keyOf(other)).toBe(!fixedAtStart);
  });
});
