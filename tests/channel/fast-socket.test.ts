import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Socket } from 'node:net';
import { afterAll, describe, expect, test } from 'vitest';
import { adopt } from '../../src/channel/adopt.js';
import { FastSocket, type ByteReader } from '../../src/channel/fast-socket.js';
import { until } from '../support/processes.js';
import { SocketPairs } from '../support/socket-pair.js';

const pairs = new SocketPairs();
afterAll(() => pairs.close());

const onread = { buffer: () => Buffer.alloc(10), callback: () => true };

interface Reading extends ByteReader {
  bytes: Buffer;
  ends: number;
}

/** Collects what arrives. A test may give it memory of its own. */
function reading(room: () => Buffer | undefined = () => undefined): Reading {
  let given: Buffer | undefined;
  return {
    bytes: Buffer.alloc(0),
    ends: 0,
    push(bytes) {
      this.bytes = Buffer.concat([this.bytes, bytes]);
    },
    room: () => (given = room()),
    filled(length) {
      this.bytes = Buffer.concat([this.bytes, (given as Buffer).subarray(0, length)]);
    },
    end() {
      this.ends++;
    },
  };
}

/** Two kinds of sockets: one that reads into given memory, and one whose first bytes have been read already. */
describe.each(['into its own memory', "by 'data' events"])('a socket that is read %s', (how) => {
  async function open(reader: ByteReader): Promise<{ socket: FastSocket; far: Socket }> {
    const { near, far } = await pairs.next();
    if (how !== 'into its own memory') {
      far.write('before ');
      await until(() => near.readableLength > 0, 'the first bytes');
    }
    return { socket: new FastSocket(near, reader), far };
  }
  const first = how === 'into its own memory' ? '' : 'before ';

  test('delivers all bytes in order, and then one end', async () => {
    const reader = reading();
    const { far } = await open(reader);
    const bytes = Buffer.from(Array.from({ length: 1_000_000 }, (_, n) => n % 251));
    far.write('start ');
    far.end(bytes);
    await until(() => reader.ends > 0, 'the end');
    expect(reader.bytes.equals(Buffer.concat([Buffer.from(`${first}start `), bytes]))).toBe(true);
    expect(reader.ends).toBe(1);
  });

  test('writes in order, and reports when the bytes have left', async () => {
    const { socket, far } = await open(reading());
    const large = Buffer.alloc(3_000_000, 'x');
    let arrived = '';
    far.on('data', (chunk) => (arrived += String(chunk)));
    const told: unknown[] = [];
    socket.write('text,', () => told.push('text'));
    socket.write(large, () => told.push('large'));
    expect(socket.unwritten).toBeGreaterThan(0);
    socket.together(() => ['a', 'b'].forEach((letter) => socket.write(letter)));
    socket.end();
    await once(far, 'end');
    expect(arrived === `text,${String(large)}ab`).toBe(true);
    expect(told).toEqual(['text', 'large']);
    expect(socket.unwritten).toBe(0);
  });

  test('short writes stay whole and in order when the reader is slow', async () => {
    const { socket, far } = await open(reading());
    // Texts whose letters have one to four bytes, so that the system may take a part of a letter.
    const texts = Array.from({ length: 1000 }, (_, n) => `${n}: ${'aé€😀'.repeat(1 + (n % 900))};`);
    let told = 0;
    for (const text of texts) socket.write(text, () => told++);
    expect(socket.unwritten).toBeGreaterThan(0);
    socket.end();
    const chunks: Buffer[] = [];
    far.on('data', (chunk: Buffer) => chunks.push(chunk));
    await once(far, 'end');
    expect(String(Buffer.concat(chunks)) === texts.join('')).toBe(true);
    expect(told).toBe(texts.length);
  });

  test('a write to a reader that has gone reports the error, and the end follows', async () => {
    const reader = reading();
    const { socket, far } = await open(reader);
    far.destroy();
    const errors: unknown[] = [];
    await until(() => {
      socket.write('x', (error) => error && errors.push(error));
      return reader.ends > 0 && errors.length > 0;
    }, 'the error and the end');
    expect(socket.isWritable).toBe(false);
  });

  test('lets other events run while much data arrives', async () => {
    const reader = reading();
    reader.push = function (bytes) {
      inTurn += bytes.length;
      most = Math.max(most, inTurn);
      total += bytes.length;
    };
    let [inTurn, most, total, turns] = [0, 0, 0, 0];
    const { far } = await open(reader);
    const turn = (): unknown => ((inTurn = 0), turns++, total < 30_000_000 && setImmediate(turn));
    setImmediate(turn);
    const block = Buffer.alloc(1_000_000);
    for (let count = 0; count < 30; count++) far.write(block);
    await until(() => total >= 30_000_000, 'all has arrived');
    expect(turns).toBeGreaterThan(10);
    expect(most).toBeLessThan(4_000_000);
  });

  test('is closed by destroy(), for the other side too', async () => {
    const reader = reading();
    const { socket, far } = await open(reader);
    far.resume();
    socket.destroy();
    await once(far, 'close');
    await until(() => reader.ends === 1, 'the end');
  });
});

test('bytes are read straight into memory that the reader provides, and never beyond it', async () => {
  const memory = Buffer.alloc(100, '.');
  let used = 0;
  const reader = reading(() => (used < 90 ? memory.subarray(used, Math.min(used + 40, 90)) : undefined));
  const { filled } = reader;
  reader.filled = function (length) {
    filled?.call(this, length);
    used += length;
  };
  const { near, far } = await pairs.next();
  const socket = new FastSocket(near, reader);
  far.end('y'.repeat(200));
  await until(() => reader.ends > 0, 'the end');
  expect(socket.unwritten).toBe(0);
  expect(memory.toString()).toBe('y'.repeat(90) + '.'.repeat(10));
  expect(reader.bytes.toString()).toBe('y'.repeat(200));
});

describe('adopt()', () => {
  test('moves the connection of a child, which does not notice', async () => {
    const child = spawn(
      process.execPath,
      ['-e', 'new net.Socket({ fd: 3 }).on("data", (d) => process.stdout.write(d))'],
      {
        stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
      },
    );
    const given = child.stdio[3] as Socket;
    const socket = adopt(given, onread);
    expect(given.destroyed).toBe(true);
    socket?.end('hello');
    const [chunk] = (await once(child.stdout as Socket, 'data')) as [Buffer];
    expect(String(chunk)).toBe('hello');
    await once(child, 'close');
  });

  test('refuses a socket that is closed, connecting, or has read something', async () => {
    expect(adopt(new Socket(), onread)).toBeUndefined();
    const { near, far } = await pairs.next();
    far.write('early');
    await until(() => near.readableLength > 0, 'the bytes');
    expect(adopt(near, onread)).toBeUndefined();
    expect(near.destroyed).toBe(false);
    near.destroy();
    expect(adopt(near, onread)).toBeUndefined();
  });
});
