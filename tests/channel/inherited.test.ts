import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { channelEnv, openInherited, takeInheritedChannel, takeSocket } from '../../src/channel/inherited.js';
import { ChannelError } from '../../src/errors.js';

describe('the environment that tells a child of its channel', () => {
  let before: NodeJS.ProcessEnv;
  beforeEach(() => (before = { ...process.env }));
  afterEach(() => (process.env = before));

  test.each(['json', 'v8'] as const)('is read as it was written, for messages in %s', (format) => {
    Object.assign(process.env, channelEnv(7, format));
    expect(takeInheritedChannel()).toEqual({ from: '7', format });
  });

  test.each(['json', 'v8'] as const)('may name a pipe, for messages in %s', (format) => {
    const from = { path: '\\\\.\\pipe\\procxy-1', secret: 'abc' };
    Object.assign(process.env, channelEnv(from, format));
    expect(takeInheritedChannel()).toEqual({ from, format });
    expect(process.env).toEqual(before);
  });

  test('is removed when it is read, so that a child of the child does not find it', () => {
    Object.assign(process.env, channelEnv(7, 'v8'));
    takeInheritedChannel();
    expect(takeInheritedChannel()).toBeUndefined();
    expect(process.env).toEqual(before);
  });

  test('may use the variables of the Deka runtime, if they are enabled', () => {
    Object.assign(process.env, { DEKA_IPC_FD: '5', DEKA_IPC_ENABLED: '1' });
    expect(takeInheritedChannel()).toEqual({ from: '5', format: 'json' });
    Object.assign(process.env, { DEKA_IPC_FD: '5', DEKA_IPC_ENABLED: '0' });
    expect(takeInheritedChannel()).toBeUndefined();
  });

  test('has the variables of Deka only for lines of JSON, which that runtime reads', () => {
    expect(channelEnv(3)).toMatchObject({ DEKA_IPC_FD: '3', DEKA_IPC_ENABLED: '1' });
    expect(Object.keys(channelEnv(3, 'v8')).some((name) => name.startsWith('DEKA'))).toBe(false);
  });
});

describe('a descriptor that is not a socket', () => {
  test.each(['', 'three', '-1', '1.5', -1, NaN])('%j is refused', (descriptor) => {
    expect(() => openInherited(descriptor)).toThrow(ChannelError);
    expect(() => openInherited(descriptor)).toThrow(`'${descriptor}'`);
  });

  test('a number that is not open, and a file, are refused', () => {
    const file = openSync('/dev/null', 'r');
    try {
      for (const descriptor of [9999, file]) expect(() => openInherited(descriptor)).toThrow(ChannelError);
    } finally {
      closeSync(file);
    }
  });
});

describe("this side's end of a child's socket", () => {
  test('is taken out of `stdio`, for one owner', async () => {
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 30_000)'], {
      stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
    });
    const socket = takeSocket(child, 3);
    expect(socket?.writable).toBe(true);
    expect(child.stdio[3]).toBeNull();
    expect(takeSocket(child, 3)).toBeUndefined();
    socket?.destroy();
    child.kill();
    await once(child, 'exit');
  });

  test('is missing if the program could not be started', async () => {
    const child = spawn('/nowhere/at-all', { stdio: ['ignore', 'ignore', 'inherit', 'pipe'] });
    const failed = once(child, 'error');
    takeSocket(child, 3)?.destroy();
    expect(takeSocket(child, 9)).toBeUndefined();
    await failed;
  });
});
