import type { ChildProcess, ForkOptions } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { ProtocolError } from '../../../src/errors.js';
import { forkOnSocket } from '../../../src/parent/launch/fork-on-socket.js';
import { until } from '../../support/processes.js';

let child: ChildProcess | undefined;
afterEach(() => void child?.kill('SIGKILL'));

const garbage: ProtocolError[] = [];
/** Runs a program that is given as text, on descriptor 3. */
function start(code: string, settings: ForkOptions = {}): ChildProcess {
  garbage.length = 0;
  const stdio = ['ignore', 'ignore', 'inherit', 'ipc'] as const;
  const options: ForkOptions = { stdio: [...stdio], execArgv: ['-e', code, '--'], ...settings };
  return (child = forkOnSocket('program', ['argument'], options, (error) => garbage.push(error)));
}

const socket = "const socket = new (require('net').Socket)({ fd: Number(process.env.PROCXY_IPC_FD) });";

test('messages cross as lines of JSON', async () => {
  const echo = start(`${socket} socket.on('data', (chunk) => socket.write(chunk));`);
  echo.send?.({ text: 'é🦊' });
  expect((await once(echo, 'message'))[0]).toEqual({ text: 'é🦊' });
  expect(echo.connected).toBe(true);
});

test("messages cross in V8's format in advanced mode", async () => {
  const echo = start(`${socket} socket.on('data', (chunk) => socket.write(chunk));`, { serialization: 'advanced' });
  const value = new Map([['n', 1n]]);
  echo.send?.(value as never);
  expect((await once(echo, 'message'))[0]).toEqual(value);
});

test('the program has its arguments, and finds no more descriptors than it should', async () => {
  const program = start(`${socket} socket.write(JSON.stringify(process.argv.slice(1)) + '\\n');`);
  expect((await once(program, 'message'))[0]).toEqual(['program', 'argument']);
  expect(program.stdio[3]).toBeNull();
});

describe('the end', () => {
  test('of the child closes the channel', async () => {
    const mortal = start('');
    await once(mortal, 'disconnect');
    expect(mortal.connected).toBe(false);
    expect(garbage).toEqual([]);
  });

  test('in the middle of a message is not garbage: the child may have died while it wrote', async () => {
    const mortal = start(`require('fs').writeSync(3, '{"half": ');`);
    await once(mortal, 'disconnect');
    expect(garbage).toEqual([]);
  });
});

test('bytes that are not a message are garbage, and close the channel', async () => {
  const hostile = start(`require('fs').writeSync(3, 'junk\\n'); setTimeout(() => {}, 60_000);`);
  await until(() => garbage.length > 0 && !hostile.connected, 'it was noticed');
  expect(garbage[0]).toBeInstanceOf(ProtocolError);
});

test('a program that cannot be started is an error event, as with fork()', async () => {
  const nothing = start('', { execPath: '/nowhere/node' });
  expect((await once(nothing, 'error'))[0]).toMatchObject({ code: 'ENOENT' });
});
