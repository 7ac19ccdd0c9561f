/** What only Windows has. `npm run test:windows` runs this file, and vitest on other systems does not. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ChildCrashedError, ModuleResolutionError, OptionsValidationError, procxy, sync } from 'procxy';
import { connectIpc, spawnWithIpc } from 'procxy/ipc';
import { Calculator } from '../fixtures/calculator.js';
import { Mortal } from '../fixtures/mortal.js';
import { childPids, isRunning, until } from '../support/processes.js';
import { firstLine, onTold, outcomeOf, startScript, tell } from '../support/scripts.js';

const module = fileURLToPath(new URL('../fixtures/calculator.js', import.meta.url));
const mortalModule = new URL('../fixtures/mortal.js', import.meta.url);

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'procxy-windows-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const outcome = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

describe('a module path', () => {
  const [drive = '', ...rest] = module.split(':');
  test.each<[string, () => string | URL]>([
    ['with a drive', () => module],
    ['with a small letter for the drive', () => [drive.toLowerCase(), ...rest].join(':')],
    ['with slashes', () => module.replaceAll('\\', '/')],
    ['as a file: URL', () => pathToFileURL(module)],
    ['as the text of a file: URL', () => pathToFileURL(module).href],
    ['relative, with backslashes', () => '..\\fixtures\\calculator.js'],
    ['relative, with slashes', () => '../fixtures/calculator.js'],
    [
      'with characters that mean something in a URL',
      () => {
        const odd = join(folder, 'a user’s folder #1 %41 & 日本');
        mkdirSync(odd, { recursive: true });
        writeFileSync(join(odd, 'package.json'), '{ "type": "module" }');
        copyFileSync(module, join(odd, 'calculator.js'));
        return join(odd, 'calculator.js');
      },
    ],
  ])('%s', async (_what, path) => {
    await using calculator = await procxy(Calculator, path());
    expect(await calculator.add(40, 2)).toBe(42);
  });

  test.each<[string, string | URL, RegExp]>([
    ['on a share', '\\\\server\\share\\worker.js', /'\\\\server\\share\\worker\.js' does not exist/],
    ['on a drive that is not there', 'Q:\\worker.js', /'Q:\\worker\.js' does not exist/],
    ['in a URL without a drive', new URL('file:///missing/worker.js'), /is not the URL of a file/],
  ])('%s, where nothing is, is an error that says so', async (_what, path, message) => {
    const error = await outcome(procxy(Calculator, path));
    expect(error).toBeInstanceOf(ModuleResolutionError);
    expect((error as Error).message).toMatch(message);
  });
});

describe('a child', () => {
  test('starts in a folder with a space, given as a path or a URL', async () => {
    const cwd = join(folder, 'with a space');
    mkdirSync(cwd, { recursive: true });
    for (const each of [cwd, pathToFileURL(cwd)]) {
      await using mortal = await procxy(Mortal, mortalModule, { cwd: each, windowsHide: true });
      expect(await mortal.ping()).toBe('pong');
    }
  });

  test('is a program that PATH has, found without its extension', async () => {
    const env = { Path: `${dirname(process.execPath)}${delimiter}${process.env['Path'] ?? ''}` };
    const before = process.env['Path'];
    process.env['Path'] = env.Path;
    try {
      await using mortal = await procxy(Mortal, mortalModule, { execPath: 'node' });
      expect(await mortal.ping()).toBe('pong');
    } finally {
      if (before === undefined) delete process.env['Path'];
      else process.env['Path'] = before;
    }
  });

  test('cannot be a batch file, which is not a program', async () => {
    const batch = join(folder, 'node.cmd');
    writeFileSync(batch, '@echo off\r\n');
    const error = await outcome(procxy(Mortal, mortalModule, { execPath: batch }));
    expect(error).toBeInstanceOf(ChildCrashedError);
    expect((error as Error).message).toMatch(/A batch file is not a program, but `execPath` is .*node\.cmd/);
  });

  test('has no numeric user', async () => {
    expect(await outcome(procxy(Mortal, mortalModule, { uid: 1 }))).toBeInstanceOf(OptionsValidationError);
  });

  test('needs no helper process that ends it', async () => {
    await using mortal = await procxy(Mortal, mortalModule);
    expect(childPids()).toEqual([mortal.$process.pid]);
  });

  test.each(['SIGTERM', 'SIGKILL', 'SIGINT'] as const)('is ended at once by $process.kill(%j)', async (signal) => {
    await using mortal = await procxy(Mortal, mortalModule);
    const busy = outcome(mortal.busyForever());
    mortal.$process.kill(signal);
    expect(await mortal.$exited).toEqual({ code: null, signal });
    expect(await busy).toMatchObject({ name: 'ChildCrashedError', signal, ran: 'maybe' });
  });

  test('in a busy loop is killed by $terminate()', async () => {
    const mortal = await procxy(Mortal, mortalModule, { terminateTimeout: 300 });
    const { pid } = mortal.$process;
    mortal.busyForever().catch(() => {});
    await mortal.$terminate();
    expect(isRunning(pid ?? 0)).toBe(false);
  });

  test.each(['ipc', 'socket'] as const)('in a busy loop goes with its parent, on the channel %s', async (channel) => {
    const script = startScript(`
      const options = { channel: '${channel}', stdio: 'ignore' };
      const [busy, idle] = await Promise.all([procxy(Mortal, mortalUrl, options), procxy(Mortal, mortalUrl, options)]);
      busy.busyForever().catch(() => {});
      console.log([busy, idle].map(({ $process }) => $process.pid).join(' '));
      ${onTold('process.kill(process.pid)')}
    `);
    const pids = (await firstLine(script)).split(' ').map(Number);
    expect(pids.map(isRunning)).toEqual([true, true]);
    const ended = outcomeOf(script);
    tell(script);
    await ended;
    await until(() => !pids.some(isRunning), 'both children have ended');
  });
});

test('the lanes are there: sync() answers, and bytes do not travel as text', async () => {
  const { Streaming } = await import('../fixtures/streaming.js');
  const { SyncUser } = await import('../fixtures/sync-user.js');
  await using streaming = await procxy(Streaming, new URL('../fixtures/streaming.js', import.meta.url));
  const inMessages: unknown[] = [];
  streaming.$process.on('message', (message) => inMessages.push(message));
  let size = 0;
  for await (const chunk of await streaming.bytes(1_000_000)) size += (chunk as Buffer).length;
  expect(size).toBe(1_000_000);
  expect(JSON.stringify(inMessages).length).toBeLessThan(10_000);
  await using user = await procxy(SyncUser, new URL('../fixtures/sync-user.js', import.meta.url), {
    enableCallbacks: true,
  });
  expect(await user.call(sync(() => 'answered'))).toEqual(['answered']);
});

describe('the pipe of spawnWithIpc()', () => {
  const program = `
    const { PROCXY_IPC_PIPE: path, PROCXY_IPC_SECRET: secret } = process.env;
    const socket = require('net').connect(path);`;

  test('serves a program that opens it by name, and nobody after it', async () => {
    const child = spawnWithIpc(process.execPath, [
      '-e',
      `${program} socket.write(secret + '\\n' + JSON.stringify(path) + '\\n'); socket.on('data', (d) => process.exit(7));`,
    ]);
    const [path] = (await once(child, 'message')) as [string];
    expect(path).toMatch(/^\\\\\.\\pipe\\procxy-[0-9a-f]{32}$/);
    const late = spawn(process.execPath, ['-e', `require('fs').openSync(${JSON.stringify(path)}, 'r+')`]);
    expect((await once(late, 'exit'))[0]).toBe(1);
    child.send('end');
    const [[code]] = (await Promise.all([once(child, 'exit'), once(child, 'disconnect')])) as [[number], unknown];
    expect(code).toBe(7);
  });

  test('tells nothing to a program that does not know the secret', async () => {
    const child = spawnWithIpc(
      process.execPath,
      [
        '-e',
        `${program} socket.write('0'.repeat(64) + '\\n'); socket.on('data', () => process.exit(1)); socket.on('close', () => process.exit(0));`,
      ],
      { stdio: 'inherit' },
    );
    child.on('message', () => expect.unreachable('a stranger was heard'));
    child.send('for the child');
    const [[code]] = (await Promise.all([once(child, 'exit'), once(child, 'disconnect')])) as [[number], unknown];
    expect(code).toBe(0);
  });

  test('is what connectIpc() opens', async () => {
    expect(connectIpc()).toBeUndefined();
    const url = new URL('../fixtures/ipc/echo.js', import.meta.url);
    const child = spawnWithIpc(process.execPath, [fileURLToPath(url)], { stdio: 'inherit' });
    child.send({ n: 1 });
    expect((await once(child, 'message'))[0]).toEqual({ n: 1 });
    child.disconnect();
    expect((await once(child, 'exit'))[0]).toBe(0);
  });
});
