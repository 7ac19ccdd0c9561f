import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import {
  disconnected,
  ended,
  ipcProgram,
  kinds,
  receive,
  start,
  startRaw,
  startReady,
  type Kind,
} from '../support/ipc-children.js';
import { runScript } from '../support/scripts.js';

// Concurrent, because they mostly wait.
describe.concurrent.each(kinds)('listeners on a child of %s', (kind) => {
  test('messages that arrive before the first listener wait for it, in order', async () => {
    const child = start(kind, 'early.js', ['100']);
    await sleep(300);
    expect(await receive(child, 100)).toEqual(Array.from({ length: 100 }, (_, n) => n));
    await disconnected(child);
  });

  test('each message is delivered in its own tick, so that a listener that throws affects no other message', async () => {
    const { stdout, code } = await runScript(`
      process.on('uncaughtException', (error) => console.log('uncaught', error.message));
      ${startEcho(kind)}
      child.on('message', (message) => {
        if (message === 1) throw new Error('of a listener');
        console.log(message);
        if (message === 2) child.disconnect();
      });
      for (const message of [0, 1, 2]) child.send(message);
    `);
    expect({ stdout, code }).toEqual({ stdout: '0\nuncaught of a listener\n2\n', code: 0 });
  });

  test('subprocess.stdio has null at the place of the channel', async () => {
    const child = start(kind);
    expect(child.stdio).toEqual([null, null, null, null]);
    await disconnected(child);
  });

  test('the channel keeps the parent alive, and a child with a listener', async () => {
    const { stdout } = await runScript(`
      ${startEcho(kind)}
      child.unref();
      setTimeout(() => { console.log('still here'); child.disconnect(); }, 300).unref();
    `);
    expect(stdout).toBe('still here\n');
  });

  test('after unref() of both, the parent can exit, and the child sees its end', async () => {
    const { stdout } = await runScript(`
      ${startEcho(kind, "'inherit'")}
      child.on('message', () => {
        child.unref();
        child.channel.unref();
        setTimeout(() => console.log('too late'), 5000).unref();
      });
      child.send('ready');
    `);
    expect(stdout).toBe('connected: false, channel: null\n');
  });

  test('ref() undoes unref()', async () => {
    const { stdout } = await runScript(`
      ${startEcho(kind)}
      child.unref();
      child.channel.unref();
      child.channel.ref();
      setTimeout(() => { console.log('still here'); child.disconnect(); }, 300).unref();
    `);
    expect(stdout).toBe('still here\n');
  });

  test.each(['nothing', 'unlisten', 'unref'])(
    'a child whose channel is not referenced ends by itself: %s',
    async (how) => {
      const child = start(kind, 'idle.js', [how]);
      const last = how === 'nothing' ? [] : receive(child, 1);
      expect(await ended(child)).toEqual([0, null]);
      expect(await last).toEqual(how === 'nothing' ? [] : ['bye']);
    },
  );

  test.each(['message', 'disconnect', 'ref'])('a referenced channel keeps a child alive: %s', async (how) => {
    const child = await startReady(kind, 'kept.js', [how]);
    await sleep(100);
    expect(child.exitCode).toBe(null);
    await disconnected(child);
    expect(child.exitCode).toBe(0);
  });
});

describe.concurrent('messages without a listener', () => {
  test('are delivered after the end of the channel and the child', async () => {
    const child = startRaw(`write('0\\n1\\n2\\n'); print('sent'); read()`);
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    // On Windows, the child's connection is accepted first.
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    await disconnected(child);
    const messages: unknown[] = [];
    child.on('message', (message) => messages.push(message));
    await new Promise(setImmediate);
    expect(messages).toEqual([0, 1, 2]);
  });

  test('are delivered one by one, also to listeners that take one each or throw', async () => {
    const { stdout } = await runScript(`
      process.on('uncaughtException', (error) => console.log('uncaught', error.message));
      const { spawnWithIpc } = await import('procxy/ipc');
      const { once } = await import('node:events');
      const child = spawnWithIpc(process.execPath, [${raw}, "write('0\\\\n1\\\\n2\\\\n3\\\\n4\\\\n'); print('sent'); read()"]);
      await once(child.stdout, 'data');
      await new Promise((resolve) => setTimeout(resolve, 50));
      console.log(...(await once(child, 'message')), ...(await once(child, 'message')));
      child.on('message', (message) => {
        if (message === 3) throw new Error('at 3');
        console.log(message);
      });
      setTimeout(() => child.disconnect(), 50);
    `);
    expect(stdout).toBe('0 undefined 1 undefined\n2\nuncaught at 3\n4\n');
  });
});

const raw = JSON.stringify(ipcProgram('raw.js'));

/** Returns code that starts the echo program as `child`. */
function startEcho(kind: Kind, stdout = "'ignore'"): string {
  const file = JSON.stringify(ipcProgram('echo.js'));
  // By default, fork() passes on the flags of the script.
  const options = `{ execArgv: [], stdio: ['ignore', ${stdout}, 'inherit', 'ipc'] }`;
  return kind === 'fork'
    ? `const child = (await import('node:child_process')).fork(${file}, [], ${options});`
    : `const child = (await import('procxy/ipc')).spawnWithIpc(process.execPath, [${file}], ${options});`;
}
