import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { createHash, randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { NamedPipe } from '../../src/channel/named-pipe.js';
import { openNamedPipe } from '../../src/channel/pipe-address.js';
import { blockUntil, until } from '../support/processes.js';

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'procxy-pipe-'))));
afterAll(() => rmSync(folder, { recursive: true }));

let count = 0;
let pipe: NamedPipe;
/** Elsewhere than on Windows, a socket with a path behaves alike. */
const listen = (): NamedPipe =>
  (pipe = new NamedPipe(...(process.platform === 'win32' ? [] : [join(folder, String(++count))])));
afterEach(() => void pipe.destroy());

/** What connecting to the name gives: `'connect'`, or the error's code. */
function knock(): Promise<[Socket, string]> {
  const socket = connect(pipe.address.path);
  return new Promise((resolve) => {
    socket.once('connect', () => resolve([socket, 'connect']));
    socket.once('error', (error: NodeJS.ErrnoException) => resolve([socket, error.code ?? '']));
  });
}

test('bytes that were written before the child connects wait in order, and both directions are open', async () => {
  listen();
  pipe.write('one');
  pipe.write('two');
  const child = openNamedPipe(pipe.address);
  pipe.write('three');
  child.end('answer');
  expect(String(await buffer(pipe))).toBe('answer');
  expect(String(await buffer(child))).toBe('onetwothree');
});

test('nobody else can connect after the child, and the name is gone after the end', async () => {
  listen();
  const child = openNamedPipe(pipe.address);
  child.write('here');
  await once(pipe, 'data');
  // On Windows a connection would wait for half a minute.
  const opened = await open(pipe.address.path, 'r').catch((error: NodeJS.ErrnoException) => error.code);
  expect(['ENOENT', 'EBUSY', 'EACCES']).toContain(opened);
  child.destroy();
  await once(pipe, 'close');
  expect((await knock())[1]).toBe('ENOENT');
});

test('names and secrets are different each time, and cannot be guessed', () => {
  const addresses = [1, 2].map(() => {
    const { address } = listen();
    pipe.destroy();
    return address;
  });
  expect(new Set(addresses.map(({ path }) => path)).size).toBe(2);
  expect(new Set(addresses.map(({ secret }) => secret)).size).toBe(2);
  for (const { path, secret } of addresses) {
    expect(secret).toMatch(/^[0-9a-f]{64}$/);
    if (process.platform === 'win32') expect(path).toMatch(/^\\\\\.\\pipe\\procxy-[0-9a-f]{32}$/);
  }
});

test.each([
  ['the wrong secret', (secret: string) => `${secret.replace(/./g, '0')}\nforged\n`],
  ['half of the secret', (secret: string) => secret.slice(0, 32)],
  ['messages at once', () => `${'x'.repeat(100)}\n`],
  ['nothing', () => ''],
])('a stranger that writes %s reads nothing, is cut off, and does not keep the child out', async (_what, text) => {
  listen();
  pipe.write('for the child');
  const [stranger] = await knock();
  const heard: Buffer[] = [];
  stranger.on('data', (chunk: Buffer) => heard.push(chunk));
  const cutOff = once(stranger, 'close');
  stranger.write(text(pipe.address.secret));
  const child = openNamedPipe(pipe.address);
  expect(String((await once(child, 'data'))[0])).toBe('for the child');
  await cutOff;
  expect(heard).toEqual([]);
  let forged = '';
  pipe.on('data', (chunk: Buffer) => (forged += String(chunk)));
  child.end('own');
  await once(pipe, 'end');
  expect(forged).toBe('own');
});

test('a child that ends without connecting closes the pipe', async () => {
  listen();
  pipe.childEnded();
  await once(pipe, 'close');
});

test('bytes that a child wrote before its end arrive, however late they are read', async () => {
  listen();
  const child = openNamedPipe(pipe.address);
  child.end('last words');
  await once(child, 'finish');
  pipe.childEnded();
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect(String(await buffer(pipe))).toBe('last words');
});

test('what a child wrote before it ended arrives, even if this process is blocked long after that', async () => {
  listen();
  const marker = join(folder, 'written');
  const write = `const { address, marker } = JSON.parse(process.argv[1]);
    const socket = require('net').connect(address.path);
    socket.write(address.secret + '\\nlast words', () => {
      require('fs').writeFileSync(marker, '');
      socket.end();
    });`;
  const child = spawn(process.execPath, ['-e', write, JSON.stringify({ address: pipe.address, marker })]);
  await once(child, 'spawn');
  pipe.childEnded();
  blockUntil(marker);
  const end = performance.now() + 1000;
  while (performance.now() < end);
  expect(String(await buffer(pipe))).toBe('last words');
});

test('8 MB in both directions arrive whole, even if the reader pauses', async () => {
  listen();
  const child = openNamedPipe(pipe.address);
  const bytes = randomBytes(8 << 20);
  const hash = (data: Buffer): string => createHash('sha256').update(data).digest('hex');
  child.end(bytes);
  pipe.end(bytes);
  const there = buffer(child);
  const parts: Buffer[] = [];
  for await (const chunk of pipe as AsyncIterable<Buffer>) {
    parts.push(chunk);
    if (parts.length % 16 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  expect(hash(Buffer.concat(parts))).toBe(hash(bytes));
  expect(hash(await there)).toBe(hash(bytes));
});

test('an end that breaks is closed, and its error reaches the listener', async () => {
  listen();
  const errors: unknown[] = [];
  pipe.on('error', (error) => errors.push(error));
  const child = openNamedPipe(pipe.address);
  child.write('here');
  await once(pipe, 'data');
  child.destroy();
  pipe.write(Buffer.alloc(1 << 20));
  await until(() => pipe.closed, 'it is closed');
});

test('a write that waits for a child that never connects fails', async () => {
  listen();
  pipe.on('error', () => {});
  const failed = new Promise((resolve) => pipe.write('for nobody', resolve));
  pipe.childEnded();
  expect(await failed).toMatchObject({
    name: 'ChannelError',
    message: expect.stringContaining('never opened') as string,
  });
});
