import { once } from 'node:events';
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { procxy, type Procxy } from 'procxy';
import { TakingHandles } from '../fixtures/taking-handles.js';

const module = '../fixtures/taking-handles.js';
const options = { supportHandles: true } as const;

let folder: string;
let path: string;
let child: Procxy<TakingHandles, typeof options>;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'procxy-path-'));
  path = join(folder, 'socket');
  child = await procxy(TakingHandles, module, options);
});
afterEach(async () => {
  await child.$terminate();
  rmSync(folder, { recursive: true });
});

/** What a server at the path answers, or the code of the error. */
function ask(): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = net.connect(path);
    socket.on('data', (chunk) => (answer += String(chunk)));
    socket.on('error', (error: NodeJS.ErrnoException) => (answer = String(error.code)));
    socket.on('close', () => resolve(answer));
  });
}

async function listenAt(name: string): Promise<net.Server> {
  const server = net.createServer((socket) => socket.end('parent'));
  await once(server.listen(name), 'listening');
  return server;
}

test('close() where the server listened removes the path under the children', async () => {
  const server = await listenAt(path);
  await child.listen(server);
  await once(server.close(), 'close');
  expect([existsSync(path), await ask()]).toEqual([false, 'ENOENT']);
});

test('the end of a child leaves the path alone', async () => {
  const server = await listenAt(path);
  await child.listen(server);
  await child.$terminate();
  expect([existsSync(path), await ask()]).toEqual([true, 'parent']);
  await once(server.close(), 'close');
});

test('a path that was renamed serves the children after close()', async () => {
  const server = await listenAt(join(folder, 'other'));
  renameSync(join(folder, 'other'), path);
  await child.listen(server);
  await once(server.close(), 'close');
  expect(await ask()).toBe(String(await child.pid()));
});
