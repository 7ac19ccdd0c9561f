import { EventEmitter, once } from 'node:events';
import { closeSync, constants, fstatSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createSocket } from 'node:dgram';
import { createServer, Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { openDescriptor, receiveHandle } from '../../src/child/receive-handle.js';
import { HandleTransferError } from '../../src/errors.js';

const folder = mkdtempSync(join(tmpdir(), 'procxy-receive-handle-'));
const file = join(folder, 'file.txt');
writeFileSync(file, 'content');
afterAll(() => rmSync(folder, { recursive: true }));

const socket = new Socket();
const server = new Server();
const datagrams = createSocket('udp4').unref();
const descriptor = openSync(file, 'r');
afterAll(() => closeSync(descriptor));

describe('a handle goes to the first method that takes its kind', () => {
  test.each([
    ['a socket', socket, ['receiveSocket', 'setSocket', 'receiveHandle']],
    ['a server', server, ['receiveServer', 'receiveHandle']],
    ['a datagram socket', datagrams, ['receiveDgramSocket', 'receiveHandle']],
    ['a descriptor', descriptor, ['receiveFileDescriptor', 'receiveHandle']],
  ] as const)('%s', (_name, handle, methods) => {
    for (const [index, method] of methods.entries()) {
      const calls: unknown[][] = [];
      const instance: Record<string, unknown> = { receiveSomethingElse: () => expect.unreachable() };
      for (const name of methods.slice(index)) {
        instance[name] = function (this: unknown, ...args: unknown[]) {
          calls.push([name, this, ...args]);
        };
      }
      receiveHandle(instance, handle, 'id');
      expect(calls).toEqual([[method, instance, handle, 'id']]);
    }
  });
});

test("an emitter without such a method gets it as its event 'handle'", () => {
  const emitter = new EventEmitter();
  const heard: unknown[] = [];
  emitter.on('handle', (...args) => heard.push(args));
  receiveHandle(emitter, socket, 7);
  expect(heard).toEqual([[socket, 7]]);
});

describe('a handle that the instance does not take is closed, and the error names the methods', () => {
  test.each<[string, object]>([
    ['no method', {}],
    ['an emitter without a listener', new EventEmitter()],
    ['a property of that name', { receiveSocket: 5 }],
  ])('%s', (_name, instance) => {
    const unwanted = new Socket();
    expect(() => receiveHandle(instance, unwanted, 1)).toThrow(HandleTransferError);
    expect(() => receiveHandle(instance, new Socket(), 1)).toThrow(/receiveSocket, setSocket, receiveHandle/);
    expect(unwanted.destroyed).toBe(true);
  });

  test('a server and a descriptor', async () => {
    const unwanted = createServer().listen(0, '127.0.0.1');
    await once(unwanted, 'listening');
    expect(() => receiveHandle({}, unwanted, 1)).toThrow(/receiveServer/);
    expect(unwanted.listening).toBe(false);
    const open = openSync(file, 'r');
    expect(() => receiveHandle({}, open, 1)).toThrow(/receiveFileDescriptor/);
    expect(() => fstatSync(open)).toThrow(/EBADF/);
  });
});

test('a method that fails after the delivery causes a warning', async () => {
  const warned = once(process, 'warning') as Promise<[Error & { code?: string }]>;
  receiveHandle({ receiveSocket: () => Promise.reject(new Error('too late')) }, socket, 1);
  const [warning] = await warned;
  expect(warning).toMatchObject({ code: 'PROCXY_HANDLE_RECEIVER_FAILED' });
  expect(warning.message).toContain('too late');
});

describe('a descriptor that another process described', () => {
  test('is opened, and the file is neither emptied nor refused because it exists', () => {
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_TRUNC;
    const opened = openDescriptor({ path: file, flags });
    expect(readFileSync(opened, 'utf8')).toBe('content');
    closeSync(opened);
  });

  test('that cannot be opened is an error with the reason', () => {
    expect(() => openDescriptor({ path: join(folder, 'gone'), flags: 0 })).toThrow(HandleTransferError);
    expect(() => openDescriptor({ path: join(folder, 'gone'), flags: 0 })).toThrow(/ENOENT/);
  });
});
