import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { isRunning } from '../support/processes.js';
import { codeOf, ended, kinds, ordered, receive, record, start, startReady } from '../support/ipc-children.js';

describe.each(kinds)('the end of the channel to a child of %s', (kind) => {
  test('disconnect() reaches both sides once, after all earlier messages', async () => {
    const child = await startReady(kind, 'echo.js', [], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
    const output = text(child.stdout ?? expect.unreachable('stdout is piped'));
    const log = record(child);
    child.disconnect();
    log.push(child.connected, child.channel);
    await ended(child);
    expect(log).toEqual([false, null, ['disconnect', false, null], ['exit', 0, null]]);
    expect(await output).toBe('connected: false, channel: null\n');
  });

  test('a second disconnect() is an error: ERR_IPC_DISCONNECTED', async () => {
    const child = await startReady(kind);
    const log = record(child);
    child.disconnect();
    child.disconnect();
    log.push('at once');
    await ended(child);
    child.disconnect();
    expect(log).toEqual([
      ['error', 'ERR_IPC_DISCONNECTED'],
      'at once',
      ['disconnect', false, null],
      ['exit', 0, null],
      ['error', 'ERR_IPC_DISCONNECTED'],
    ]);
  });

  test('a child that disconnects can continue its other work', async () => {
    const child = await startReady(kind);
    const log = record(child);
    child.send('disconnect');
    expect(await ended(child)).toEqual([0, null]);
    expect(log).toEqual([
      ['disconnect', false, null],
      ['exit', 0, null],
    ]);
  });

  test.each([
    ['send, then disconnect', [0, null]],
    ['send, then exit', [0, null]],
  ])('messages that a child sends before its end arrive: %s', async (order, status) => {
    const child = await startReady(kind);
    const log = record(child);
    child.send(order);
    await ended(child);
    expect(ordered(log)).toEqual([
      ['message', 'last words'],
      ['disconnect', false, null],
      ['exit', ...status],
    ]);
  });

  test.each([
    ['exits', 'exit', [7, null]],
    ['is killed', 'SIGKILL', [null, 'SIGKILL']],
  ])('a child that %s: disconnect, then exit', async (_what, how, status) => {
    const child = await startReady(kind);
    const log = record(child);
    if (how === 'exit') child.send('exit');
    else child.kill('SIGKILL');
    expect(await ended(child)).toEqual(status);
    expect(ordered(log)).toEqual([
      ['disconnect', false, null],
      ['exit', ...status],
    ]);
  });

  test('send() to a child whose death is not known yet fails with EPIPE, in the callback or as an error event', async () => {
    const child = await startReady(kind);
    const log = record(child);
    await new Promise<void>((resolve) => {
      child.once('message', () => {
        kill(child.pid ?? expect.unreachable('it runs'));
        log.push([child.connected, child.send('x', (error) => log.push(['callback', codeOf(error)]))], child.send('y'));
        resolve();
      });
      child.send('now');
    });
    await ended(child);
    expect(log.filter((entry) => (entry as unknown[])[0] !== 'exit').toSorted()).toEqual(
      [
        ['message', 'now'],
        [true, true],
        true,
        ['callback', 'EPIPE'],
        ['error', 'EPIPE'],
        ['disconnect', false, null],
      ].toSorted(),
    );
  });

  test('a child that dies with unread messages causes no error event if no callback waits', async () => {
    const child = await startReady(kind, 'stuck.js');
    const log = record(child);
    const answer = receive(child, 1);
    child.send('stop reading');
    await answer;
    for (let n = 0; n < 3; n++) expect(child.send('x'.repeat(1_000_000))).toBe(false);
    child.kill('SIGKILL');
    await ended(child);
    // The order of the two varies.
    expect(log.slice(1).toSorted()).toEqual([
      ['disconnect', false, null],
      ['exit', null, 'SIGKILL'],
    ]);
  });

  test('a program that cannot be started causes an error, then a disconnect', async () => {
    const child = start(kind, 'echo.js', [], { cwd: '/no/such/folder', stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    const log = record(child);
    expect(child).toMatchObject({ pid: undefined, connected: true });
    await new Promise((resolve) => child.once('disconnect', resolve));
    expect(log).toEqual([
      ['error', 'ENOENT'],
      ['disconnect', false, null],
    ]);
  });
});

/** Returns when the process is dead, within the same turn of the event loop. */
function kill(pid: number): void {
  process.kill(pid, 'SIGKILL');
  while (isRunning(pid));
}
