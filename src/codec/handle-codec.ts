import { Socket as DatagramSocket } from 'node:dgram';
import { Server, Socket } from 'node:net';
import { HandleTransferError, ProtocolError } from '../errors.js';
import type { TransferHandler } from './transfer-handlers.js';

type Handle = Socket | Server | DatagramSocket;

/** Moves handles, and knows each by an id. */
export interface HandleExchange {
  /** Takes ownership of a handle, which will travel ahead of the message that is being encoded. */
  export(handle: Handle): number;
  /** Takes back what was exported since the last message, because encoding failed. */
  discard(): void;
  /** @throws {ProtocolError} for an id that has not arrived */
  import(id: number): Handle;
}

/** A socket among the arguments is still connecting. The call is sent again when that has settled. */
export class SocketConnectingError extends HandleTransferError {
  /** Resolves when the socket has connected or failed to. */
  readonly settled: Promise<void>;

  constructor(socket: Socket) {
    super('The socket is still connecting. Wait for its `connect` event.');
    this.settled = new Promise((resolve) => {
      socket.once('connect', resolve);
      socket.once('close', () => resolve());
    });
  }
}

/** Moves sockets and servers. Without an exchange, refuses them and names the option that is needed. */
export function handleHandler(exchange: HandleExchange | undefined): TransferHandler<Handle> {
  return {
    name: 'handle',
    canHandle: isHandle,
    encode(handle, context) {
      if (!exchange)
        return context.refuse(
          `${kindOf(handle)}, which can only be moved`,
          'Use { supportHandles: true } and pass it as an argument, a result or in an event.',
        );
      // An optional part, such as a property of an error, may be dropped. The sender must not lose its socket then.
      if (context.isOptional)
        return context.refuse(`${kindOf(handle)}, which would be lost here`, 'Pass it as an argument.');
      checkMovable(handle);
      return exchange.export(handle);
    },
    decode(wire) {
      if (!exchange || typeof wire !== 'number')
        throw new ProtocolError('A handle arrived, but this side does not accept handles.');
      return exchange.import(wire);
    },
  };
}

export function isHandle(value: unknown): value is Handle {
  return value instanceof Socket || value instanceof Server || value instanceof DatagramSocket;
}

export function kindOf(handle: Handle): string {
  if (handle instanceof Socket) return 'a net.Socket';
  return handle instanceof Server ? 'a net.Server' : 'a dgram.Socket';
}

/**
 * @throws {HandleTransferError} if the handle would not arrive intact
 * @throws {SocketConnectingError} if it is still connecting
 */
function checkMovable(handle: Handle): void {
  if (handle instanceof Server) {
    if (!handle.listening) refuse('The server does not listen. Move it after its `listening` event.');
  } else if (handle instanceof Socket) checkSocket(handle);
  else checkDatagramSocket(handle);
}

function checkSocket(socket: Socket): void {
  if ('encrypted' in socket)
    refuse('A TLS socket cannot be moved: its keys stay here. Move the socket beneath it before the handshake.');
  if (socket.destroyed) refuse('The socket is closed.');
  if (socket.connecting) throw new SocketConnectingError(socket);
  if (socket.pending)
    refuse('The socket is not connected. Connect it first. A call waits for a socket that is connecting.');
  if (socket.readyState !== 'open') refuse(`The socket is not connected both ways (${socket.readyState}).`);
  if (isBeingRead(socket)) {
    refuse(
      'The socket has been read from already, and what was read would be lost. Accept it with { pauseOnConnect: true }, ' +
        'or pause it and pass on what was read.',
    );
  }
  if (socket.writableLength > 0) refuse('The socket has data that is not sent yet. Move it after its `drain` event.');
}

/**
 * Whether the other process would miss data: some is buffered here, or this process still reads. The socket of an HTTP upgrade
 * may be moved: nothing reads it, and the `'upgrade'` event gives its first data to the user.
 */
function isBeingRead(socket: Socket): boolean {
  if (socket.bytesRead === 0) return false;
  const { parser } = socket as { parser?: unknown };
  return socket.readableLength > 0 || socket.readableFlowing === true || Boolean(parser);
}

function checkDatagramSocket(socket: DatagramSocket): void {
  try {
    socket.address();
  } catch {
    refuse('The datagram socket is not bound. Move it after its `listening` event.');
  }
}

function refuse(message: string): never {
  throw new HandleTransferError(message);
}
