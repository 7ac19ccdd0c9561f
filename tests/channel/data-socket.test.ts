import { once } from 'node:events';
import net from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DataSocket } from '../../src/channel/data-socket.js';
import { messageFormat } from '../../src/channel/frames.js';
import { ProtocolError } from '../../src/errors.js';
import { modes } from '../support/streams.js';
import { until } from '../support/processes.js';
import { joinPieces } from '../support/pieces.js';

/** Two ends of one connection. */
async function socketPair(): Promise<[net.Socket, net.Socket]> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const near = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
  const [far] = (await once(server, 'connection')) as [net.Socket];
  server.close();
  return [near.setNoDelay(), far.setNoDelay()];
}

describe.each(modes)('DataSocket, in %s mode', (mode) => {
  let near: net.Socket;
  let far: net.Socket;
  let log: unknown[];
  let violations: unknown[];
  let receiver: DataSocket;
  beforeEach(async () => {
    [near, far] = await socketPair();
    log = [];
    violations = [];
    receiver = make(far);
  });
  afterEach(() => {
    near.destroy();
    far.destroy();
  });

  function make(socket: net.Socket): DataSocket {
    return new DataSocket(socket, {
      format: messageFormat(mode),
      onPiece: (piece) => log.push(piece),
      onMessage: (message) => log.push(message),
      onViolation: (error) => violations.push(error),
    });
  }

  function frame(id: number, body: Buffer): Buffer {
    const header = Buffer.alloc(8);
    header.writeUInt32LE(id, 0);
    header.writeUInt32LE(body.length, 4);
    return Buffer.concat([header, body]);
  }

  const whole = (): unknown[] => joinPieces(log);

  test('bytes are passed on as they arrive, before their frame is complete', async () => {
    near.write(frame(3, Buffer.alloc(100)).subarray(0, 50));
    await until(() => log.length === 1, 'the first piece');
    expect(log).toMatchObject([{ streamId: 3, isFirst: true, isLast: false, bytes: { length: 42 } }]);
  });

  test('bytes and messages arrive in order, and the sender is told when it may change them', async () => {
    const sender = make(near);
    let written = 0;
    const chunk = Buffer.alloc(3_000_000, 'a');
    sender.sendBytes(1, [chunk], () => written++);
    sender.sendMessage({ n: 1 });
    sender.sendBytes(2, [Buffer.from('b')], () => written++);
    sender.sendMessage({ n: 2 });
    await until(() => log.length > 3 && 'n' in (log.at(-1) as object), 'all have arrived');
    expect(whole()).toEqual([[1, chunk.toString()], { n: 1 }, [2, 'b'], { n: 2 }]);
    expect(written).toBe(2);
    receiver.sendMessage({ n: 3 });
    await until(() => (log.at(-1) as { n?: number }).n === 3, 'the answer');
  });

  const broken: Record<string, Buffer> = {
    'a frame that is too long': Buffer.from([1, 0, 0, 0, 255, 255, 255, 255]),
    'an empty message': frame(0, Buffer.alloc(0)),
    'bytes that are not a message': frame(0, Buffer.from('{"never')),
  };
  for (const [name, bytes] of Object.entries(broken)) {
    test(`${name} is a violation, and nothing is read after it`, async () => {
      near.write(Buffer.concat([frame(5, Buffer.from('ok')), bytes, frame(6, Buffer.from('not read'))]));
      await until(() => violations.length > 0, 'the violation');
      expect(violations[0]).toBeInstanceOf(ProtocolError);
      expect(violations).toHaveLength(1);
      expect(whole()).toEqual([[5, 'ok']]);
      await until(() => near.destroyed, 'the connection has closed');
    });
  }

  test('an error that the reader throws is a violation too', async () => {
    const socket = new DataSocket(near, {
      format: messageFormat(mode),
      onPiece: () => {
        throw new ProtocolError('not wanted');
      },
      onMessage: () => {},
      onViolation: (error) => violations.push(error),
    });
    for (const text of ['a', 'b']) receiver.sendBytes(5, [Buffer.from(text)]);
    await until(() => violations.length > 0, 'the violation');
    expect(violations).toMatchObject([{ message: 'not wanted' }]);
    socket.sendBytes(1, [Buffer.from('to nobody')]);
  });

  test('sending after the end is harmless', async () => {
    const sender = make(near);
    sender.close();
    sender.sendBytes(1, [Buffer.from('x')]);
    sender.sendMessage({ n: 1 });
    far.destroy();
    expect(violations).toEqual([]);
  });
});
