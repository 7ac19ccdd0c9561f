import { describe, expect, test } from 'vitest';
import { codeOf, disconnected, kinds, receive, start, startReady } from '../support/ipc-children.js';
import { until } from '../support/processes.js';

describe.each(kinds)('send() of a child of %s', (kind) => {
  test('accepts every form of its arguments', async () => {
    const child = start(kind);
    const called: unknown[] = [];
    const callback = (error: Error | null): unknown => called.push(error);
    const shapes = [
      [],
      [callback],
      [undefined, callback],
      [null],
      [undefined, {}, callback],
      [null, undefined, callback],
    ];
    const answers = receive(child, shapes.length);
    const send = child.send.bind(child) as (...args: unknown[]) => boolean;
    for (const [index, rest] of shapes.entries()) expect(send(index, ...rest)).toBe(true);
    expect(called).toEqual([]);
    expect(await answers).toEqual([0, 1, 2, 3, 4, 5]);
    // On Windows, an answer may come before the callback of its message.
    await until(() => called.length >= 4, 'the last callback');
    expect(called).toEqual([null, null, null, null]);
    await disconnected(child);
  });

  test('throws a TypeError for values that JSON cannot represent, and the channel stays open', async () => {
    const child = start(kind);
    const refused: [message: unknown, code: string | undefined][] = [
      [undefined, 'ERR_MISSING_ARGS'],
      [() => {}, 'ERR_INVALID_ARG_TYPE'],
      [Symbol('s'), 'ERR_INVALID_ARG_TYPE'],
      [1n, 'ERR_INVALID_ARG_TYPE'],
      [{ n: 1n }, undefined],
      [cycle(), undefined],
    ];
    for (const [message, code] of refused) {
      const error = thrownBy(() => child.send(message as never));
      expect(error).toBeInstanceOf(TypeError);
      expect([message, (error as { code?: unknown }).code]).toEqual([message, code]);
    }
    for (const options of [null, 5, 'text', []]) {
      const error = thrownBy(() => child.send(1, undefined, options as never));
      expect(error).toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
    }
    const answer = receive(child, 1);
    child.send('still here');
    expect(await answer).toEqual(['still here']);
    await disconnected(child);
  });

  test('carries a message as JSON represents it', async () => {
    const child = start(kind);
    const sent = [
      null,
      true,
      0,
      '',
      NaN,
      [undefined],
      { a: undefined, b: 'é🦊\n' },
      new Date(0),
      { cmd: 'x' },
      '\u2028',
    ];
    const answers = receive(child, sent.length);
    for (const message of sent) child.send(message as object);
    expect(await answers).toEqual(JSON.parse(JSON.stringify(sent)));
    await disconnected(child);
  });

  test('keeps the order of many small and large messages of one tick', async () => {
    const child = start(kind);
    const sent = Array.from({ length: 2000 }, (_, n) => (n % 500 === 7 ? [n, 'x'.repeat(200_000)] : n));
    const answers = receive(child, sent.length);
    for (const message of sent) child.send(message);
    expect(await answers).toEqual(sent);
    await disconnected(child);
  });

  test('returns false while much is waiting, and calls back when the message has gone', async () => {
    const child = start(kind);
    const answers = receive(child, 2);
    const large = 'x'.repeat(5_000_000);
    let called = false;
    expect(child.send(large, () => (called = true))).toBe(false);
    expect(child.send('small')).toBe(false);
    expect(called).toBe(false);
    expect(await answers).toEqual([large, 'small']);
    expect(called).toBe(true);
    const last = receive(child, 1);
    expect(child.send(1)).toBe(true);
    await last;
    await disconnected(child);
  });

  test('calls back in a later tick, before the next turn of the event loop', async () => {
    const child = await startReady(kind);
    const log: string[] = [];
    const answer = receive(child, 1);
    child.send(1, () => log.push('callback'));
    log.push('sent');
    await new Promise<void>((resolve) => {
      setImmediate(() => {
        log.push('immediate');
        resolve();
      });
    });
    expect(log).toEqual(['sent', 'callback', 'immediate']);
    await answer;
    await disconnected(child);
  });

  test('after the end, it returns false and fails with ERR_IPC_CHANNEL_CLOSED, whatever the message', async () => {
    const child = await startReady(kind);
    await disconnected(child);
    const log: unknown[] = [];
    child.on('error', (error) => log.push(['error', codeOf(error), error.message]));
    expect(child.send('x')).toBe(false);
    expect(child.send('x', (error) => log.push(['callback', codeOf(error)]))).toBe(false);
    expect(child.send(undefined as never, (error) => log.push(['callback', codeOf(error)]))).toBe(false);
    expect(() => child.send('x', undefined, 5 as never)).toThrow(TypeError);
    expect(log).toEqual([]);
    await new Promise(setImmediate);
    expect(log).toEqual([
      ['error', 'ERR_IPC_CHANNEL_CLOSED', 'Channel closed'],
      ['callback', 'ERR_IPC_CHANNEL_CLOSED'],
      ['callback', 'ERR_IPC_CHANNEL_CLOSED'],
    ]);
  });
});

function thrownBy(action: () => void): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}

function cycle(): unknown[] {
  const ring: unknown[] = [];
  ring.push(ring);
  return ring;
}
