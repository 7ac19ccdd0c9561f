import { describe, expect, test } from 'vitest';
import { OptionsValidationError } from '../../../src/errors.js';
import { chooseChannel, runtimeFlags, type FlagSources } from '../../../src/parent/launch/runtime.js';
import type { ProcxyOptions } from '../../../src/types/options.js';

describe('the runtime and the channel', () => {
  // On Windows, they inherit no sockets.
  const ofOthers = process.platform === 'win32' ? 'ipc' : 'socket';

  test.each<[ProcxyOptions, runtime: string, channel: string]>([
    [{}, 'node', 'ipc'],
    [{ channel: 'socket' }, 'node', 'socket'],
    [{ execPath: '/usr/local/bin/node22' }, 'node', 'ipc'],
    [{ execPath: '/opt/electron' }, 'node', 'ipc'],
    [{ execPath: '/home/me/.bun/bin/bun' }, 'bun', ofOthers],
    [{ execPath: '/opt/bun-1.4/bun.exe' }, 'bun', ofOthers],
    [{ execPath: '/opt/Deno' }, 'deno', ofOthers],
    [{ execPath: '/opt/bundler' }, 'node', 'ipc'],
    [{ execPath: '/opt/bun', channel: 'ipc' }, 'bun', 'ipc'],
    [{ execPath: 'python3', agent: './agent.py' }, 'other', 'socket'],
  ])('of %j are %s and %s', (options, runtime, channel) => {
    expect(chooseChannel(options)).toEqual({ runtime, channel });
  });

  test.each<[ProcxyOptions, names: string]>([
    [{ serialization: 'advanced', execPath: '/opt/bun' }, 'Bun'],
    [{ serialization: 'advanced', agent: './agent.py' }, 'agent'],
    [{ channel: 'socket', supportHandles: true }, 'supportHandles'],
    [{ execPath: '/opt/deno', supportHandles: true }, 'supportHandles'],
    [{ agent: './agent.py', channel: 'ipc' }, 'agent'],
  ])('%j contradict each other', (options, names) => {
    expect(() => chooseChannel(options)).toThrow(OptionsValidationError);
    expect(() => chooseChannel(options)).toThrow(names);
  });
});

describe('the flags of', () => {
  const sources: FlagSources = {
    given: undefined,
    inherited: () => ['--inherited'],
    limits: ['--limit'],
    permitted: false,
  };
  const given = ['--given'];

  test('Node are those of this process, or the given ones; limits come last', () => {
    expect(runtimeFlags('node', sources)).toEqual(['--inherited', '--limit']);
    expect(runtimeFlags('node', { ...sources, given })).toEqual(['--given', '--limit']);
    expect(runtimeFlags('node', { ...sources, given: [] })).toEqual(['--limit']);
  });

  test('Bun and others are the given ones', () => {
    for (const runtime of ['bun', 'other'] as const) {
      expect(runtimeFlags(runtime, sources)).toEqual(['--limit']);
      expect(runtimeFlags(runtime, { ...sources, given })).toEqual(['--given', '--limit']);
    }
  });

  test('Deno begin with `run`, and allow everything unless something else is said', () => {
    expect(runtimeFlags('deno', sources)).toEqual(['run', '--allow-all', '--limit']);
    expect(runtimeFlags('deno', { ...sources, permitted: true })).toEqual(['run', '--limit']);
    expect(runtimeFlags('deno', { ...sources, given })).toEqual(['run', '--given', '--limit']);
    expect(runtimeFlags('deno', { ...sources, given: ['-q', 'run', '-A'] })).toEqual(['-q', 'run', '-A', '--limit']);
  });
});
