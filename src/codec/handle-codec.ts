import { Socket as DatagramSocket } from 'node:dgram';
import { Server, Socket } from 'node:net';
import { HandleTransferError, ProtocolError } from '../errors.js';
import type { TransferHandler } from './transfer-handlers.js';

type Handle = Socket | Server | DatagramSocket;

/** Who moves handles, and knows each by an id. */
export interface HandleExchange {
  /** Takes ownership of a handle that will travel ahead of the message which is being encoded. */
  export(handle: Handle): number;
  /** What was exported since the last message stays here: the encoding has failed. */
  discard(): void;
  /** @throws {ProtocolError} for an id under which none has arrived */
  import(id: number): Handle;
}

/** A call is made again when the socket in its arguments is connected. */
export class SocketConnectingError extends HandleTransferError {
  /** Resolves when the socket is connected, or has failed to. */
  readonly settled: Promise<void>;

  constructor(socket: Socket) {
    super('The socket is still connecting. Wait for its `connect` event.');
    this.settled = new Promise((resolve) => {
      socket.once('connect', resolve);
      socket.once('close', () => resolve());
    });
  }
}

/** Moves sockets and servers. Without an exchange it only says which option does. */
export function handleHandler(exchange: HandleExchange | undefined): TransferHandler<Handle> {
  return {
    name: 'handle',
    canHandle: isHandle,
    encode(handle, context) {
      if (!exchange)
        return context.refuse(
          `${kindOf(handle)}, which only moves`,
          'Use { supportHandles: true } and pass it as an argument, a result or in an event.',
        );
      // A part that may be lost, a property of an error: it must not cost its owner a socket.
      if (context.isOptional)
        return context.refuse(`${kindOf(handle)}, which would be lost here`, 'Pass it as an argument.');
      checkMovable(handle);
      return exchange.export(handle);
    },
    decode(wire) {
      if (!exchange || typeof wire !== 'number') throw new ProtocolError('A handle arrived that was not asked for.');
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
 * @throws {HandleTransferError} when the other process would not get what this one has
 * @throws {SocketConnectingError} when it must wait
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
  if (socket.pending) refuse('The socket is not connected. Connect it first; one that is connecting is waited for.');
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
 * Whether the other process would miss something: a part of the data waits here, or this process still reads. Nobody reads the
 * socket of an HTTP upgrade, which is handed over with the data that came with it.
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
