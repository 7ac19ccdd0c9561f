import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { jsonLines } from '../../src/channel/dialect.js';
import { MessageSocket } from '../../src/channel/message-socket.js';
import { until } from '../support/processes.js';
import { SocketPairs } from '../support/socket-pair.js';

const LINE = '{"n":1}';
/** What Node reads at once, in such lines. */
const CHUNK = 65_536 / (LINE.length + 1);

/** Writes such lines as fast as they are read. */
const flood = `const lines = '${LINE}\\n'.repeat(10_000); for (;;) require('fs').writeSync(1, lines);`;

test('a process that writes without end does not keep other work from the event loop', async () => {
  const flooding = spawn(process.execPath, ['-e', flood], { stdio: ['ignore', 'pipe', 'inherit'] });
  let inTurn = 0;
  let most = 0;
  let total = 0;
  const socket = new MessageSocket(flooding.stdout as Socket, {
    dialect: jsonLines,
    maxMessageBytes: 1000,
    onMessage() {
      total++;
      most = Math.max(most, ++inTurn);
    },
    onError: (error) => {
      throw error;
    },
    onUnwritten: () => {},
    onEnd: () => {},
  });
  let turns = 0;
  const turn = (): unknown => ((inTurn = 0), turns++, total < 50 * CHUNK && setImmediate(turn));
  setImmediate(turn);
  await until(() => total >= 50 * CHUNK, 'much has been read');
  // Of the 32 chunks that the system would read in a row.
  expect(most).toBeLessThanOrEqual(8 * CHUNK);
  expect(turns).toBeGreaterThan(5);
  socket.close();
  flooding.kill();
});

describe('a pair of sockets', () => {
  const pairs = new SocketPairs();
  afterAll(() => pairs.close());

  interface Setup {
    socket: MessageSocket;
    near: Socket;
    far: Socket;
    log: unknown[];
  }

  async function start(maxMessageBytes = 1000): Promise<Setup> {
    const { near, far } = await pairs.next();
    const log: unknown[] = [];
    const socket = new MessageSocket(near, {
      dialect: jsonLines,
      maxMessageBytes,
      onMessage: (message) => log.push(message),
      onError: (error) => log.push(error.code),
      onUnwritten: (error) => log.push((error as NodeJS.ErrnoException).code),
      onEnd: () => log.push('end'),
    });
    return { socket, near, far, log };
  }

  /** What the other side reads, until the socket is closed. */
  async function readAll(far: Socket): Promise<string> {
    let text = '';
    for await (const chunk of far) text += String(chunk);
    return text;
  }

  test('the first messages of a tick are written at once, the rest together at its end, all in order', async () => {
    const { socket, near, far } = await start();
    const write = vi.spyOn(near, 'write');
    for (let n = 0; n < 100; n++) socket.send(n);
    expect(write.mock.calls.length).toBeLessThan(20);
    await new Promise(setImmediate);
    socket.close();
    expect(await readAll(far)).toBe(Array.from({ length: 100 }, (_, n) => `${n}\n`).join(''));
  });

  test('the sender of each message is told in order that it has left', async () => {
    const { socket, far } = await start();
    const told: unknown[] = [];
    for (let n = 0; n < 10; n++) socket.send(n, (error) => told.push([n, error]));
    await until(() => told.length === 10, 'all are told');
    expect(told).toEqual(Array.from({ length: 10 }, (_, n) => [n, null]));
    expect(socket.backlog).toBe(0);
    far.destroy();
    socket.close();
  });

  test('messages sent before close() are still written, and nothing is delivered after it', async () => {
    const { socket, far, log } = await start();
    for (let n = 0; n < 50; n++) socket.send(n);
    socket.close();
    far.write('"late"\n');
    let text = '';
    far.on('data', (bytes) => (text += bytes));
    // Not 'end': a socket that is closed before it has read `"late"` resets the connection.
    await new Promise((resolve) => far.once('close', resolve));
    expect(text.split('\n')).toHaveLength(51);
    expect(log).toEqual([]);
  });

  test('a message that cannot be written throws at the sender; those before and after it are sent', async () => {
    const { socket, far } = await start();
    socket.send(1);
    expect(() => socket.send({ big: 1n })).toThrow(TypeError);
    socket.send(2);
    socket.close();
    expect(await readAll(far)).toBe('1\n2\n');
  });

  test('messages that come before the end are delivered before it', async () => {
    const { far, log } = await start();
    far.end('1\n2\n');
    await until(() => log.includes('end'), 'the end');
    expect(log).toEqual([1, 2, 'end']);
  });

  test('a line that is not a message is reported once, and then the end', async () => {
    const { near, far, log } = await start();
    far.write('1\n{not json\n2\n');
    await until(() => log.includes('end'), 'the end');
    expect(log).toEqual([1, 'PROCXY_PROTOCOL', 'end']);
    expect(near.destroyed).toBe(true);
    far.destroy();
  });

  test('a message over the limit is reported the same way', async () => {
    const { far, log } = await start(10);
    far.write(`${JSON.stringify('x'.repeat(100))}\n`);
    await until(() => log.includes('end'), 'the end');
    expect(log).toEqual(['PROCXY_PROTOCOL', 'end']);
    far.destroy();
  });

  test('when the reader is gone, the senders are told', async () => {
    const { socket, far, log } = await start();
    const told: unknown[] = [];
    far.destroy();
    socket.send('with a callback', (error) => told.push(error));
    socket.send('without one');
    await until(() => told.length > 0 && log.includes('end'), 'they are told, and the end');
    expect(told).toEqual([expect.objectContaining({ code: 'EPIPE' })]);
    expect(log).toEqual(['EPIPE', 'end']);
  });
});
