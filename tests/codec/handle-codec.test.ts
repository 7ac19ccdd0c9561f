import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, Server, Socket, type AddressInfo } from 'node:net';
import { TLSSocket } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import {
  handleHandler,
  isHandle,
  kindOf,
  SocketConnectingError,
  type HandleExchange,
} from '../../src/codec/handle-codec.js';
import { HandleTransferError, ProtocolError, SerializationError } from '../../src/errors.js';
import type { Codec } from '../../src/codec/codec.js';
import { codecOf, cross, refusalOf } from '../support/crossing.js';

type Handle = Parameters<typeof kindOf>[0];

/** Hands each handle on under the next number. */
class Desk implements HandleExchange {
  readonly handles: Handle[] = [];
  discarded = 0;

  export(handle: Handle): number {
    return this.handles.push(handle);
  }

  discard(): void {
    this.discarded++;
  }

  import(id: number): Handle {
    const handle = this.handles[id - 1];
    if (!handle) throw new ProtocolError(`There is no ${id}.`);
    return handle;
  }
}

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function listening(options = {}): Promise<Server> {
  const server = createServer(options).listen(0, '127.0.0.1');
  closers.push(() => server.close());
  await once(server, 'listening');
  return server;
}

/** Both ends of a connection, of which the accepted one has not been read. */
async function connection(): Promise<{ accepted: Socket; far: Socket }> {
  const server = await listening({ pauseOnConnect: true, allowHalfOpen: true });
  const far = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [accepted] = (await once(server, 'connection')) as [Socket];
  if (far.connecting) await once(far, 'connect');
  closers.push(
    () => accepted.destroy(),
    () => far.destroy(),
  );
  return { accepted, far };
}

describe.each(['json', 'advanced'] as const)('handles, in %s mode', (mode) => {
  let desk: Desk;
  const codec = (): Codec => codecOf(mode, { handles: (desk = new Desk()) });

  test('cross anywhere in a value, in the form that their exchange gives them', async () => {
    const { accepted } = await connection();
    const server = await listening();
    const datagrams = createSocket('udp4').bind(0, '127.0.0.1');
    await once(datagrams, 'listening');
    const value = { list: [accepted, server], datagrams };
    const arrived = cross(mode, value, codec()) as typeof value;
    expect(desk.handles).toHaveLength(3);
    expect(arrived.list[0]).toBe(accepted);
    expect(arrived.list[1]).toBe(server);
    expect(arrived.datagrams).toBe(datagrams);
    datagrams.close();
  });

  test('stay here if the value is refused', async () => {
    const { accepted } = await connection();
    expect(refusalOf(codec(), [accepted, Symbol('s')])).toBeInstanceOf(SerializationError);
    expect(desk.discarded).toBe(1);
  });

  test('stay here if they would be lost, as a property of an error', async () => {
    const { accepted } = await connection();
    const error = Object.assign(new Error('x'), { socket: accepted, kept: 1 });
    const arrived = cross(mode, error, codec());
    expect(desk.handles).toEqual([]);
    expect(Object.entries(arrived as object)).toEqual([['kept', 1]]);
  });

  test('without an exchange the refusal names the option', async () => {
    const server = await listening();
    expect(refusalOf(codecOf(mode), { server })).toMatchObject({
      path: 'value.server',
      message: expect.stringContaining('supportHandles: true') as string,
    });
  });
});

describe('a handle that cannot move', () => {
  const refusal = (handle: Handle): unknown => refusalOf(codecOf('json', { handles: new Desk() }), [handle]);
  const saying = (text: string): unknown =>
    expect.objectContaining({ message: expect.stringContaining(text) as string });

  test('a server that does not listen', () => {
    expect(refusal(new Server())).toBeInstanceOf(HandleTransferError);
    expect(refusal(new Server())).toEqual(saying('listen'));
  });

  test('a datagram socket that is not bound', () => {
    const socket = createSocket('udp4');
    expect(refusal(socket)).toBeInstanceOf(HandleTransferError);
    socket.close();
  });

  test('a socket that was never connected, or is closed', () => {
    expect(refusal(new Socket())).toEqual(saying('not connected'));
    expect(refusal(new Socket().destroy())).toEqual(saying('closed'));
  });

  test('a TLS socket, whose keys stay', async () => {
    const { accepted } = await connection();
    expect(refusal(new TLSSocket(accepted))).toEqual(saying('TLS'));
  });

  test('a socket that has been read', async () => {
    const { accepted, far } = await connection();
    far.write('hello');
    await once(accepted.resume(), 'data');
    expect(refusal(accepted)).toEqual(saying('pauseOnConnect'));
  });

  test('a socket with unsent data', async () => {
    const { accepted } = await connection();
    accepted.write(Buffer.alloc(20_000_000));
    expect(refusal(accepted)).toEqual(saying('drain'));
  });

  test('a socket of which one direction is closed', async () => {
    const { accepted } = await connection();
    await new Promise<void>((resolve) => accepted.end(resolve));
    expect(refusal(accepted)).toEqual(saying('readOnly'));
  });

  test('a socket that is still connecting can be sent when it has connected, or failed to connect', async () => {
    const server = await listening();
    const { port } = server.address() as AddressInfo;
    const socket = connect(port, '127.0.0.1');
    closers.push(() => socket.destroy());
    const error = refusal(socket);
    expect(error).toBeInstanceOf(SocketConnectingError);
    await (error as SocketConnectingError).settled;
    expect(refusal(socket)).toBeUndefined();

    const refused = connect(1, '127.0.0.1').on('error', () => {});
    await (refusal(refused) as SocketConnectingError).settled;
    expect(refusal(refused)).toEqual(saying('closed'));
  });
});

describe('a malformed handle', () => {
  const context = { decode: (wire: unknown) => wire, announce: () => {} };

  test.each([undefined, null, '1', {}])('breaks the protocol: %j', (wire) => {
    expect(() => handleHandler(new Desk()).decode(wire as never, context)).toThrow(ProtocolError);
  });

  test('breaks the protocol if handles are not accepted', () => {
    expect(() => handleHandler(undefined).decode(1, context)).toThrow(ProtocolError);
  });
});

test('a sentence names each kind', () => {
  const socket = createSocket('udp4');
  const handles: [unknown, string][] = [
    [new Socket(), 'a net.Socket'],
    [new Server(), 'a net.Server'],
    [socket, 'a dgram.Socket'],
  ];
  for (const [handle, name] of handles) {
    expect(isHandle(handle)).toBe(true);
    expect(kindOf(handle as Handle)).toBe(name);
  }
  expect(isHandle({})).toBe(false);
  socket.close();
});
