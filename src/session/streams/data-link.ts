import type { Socket } from 'node:net';
import { DataSocket } from '../../channel/data-socket.js';
import { messageFormat } from '../../channel/frames.js';
import type { SerializationMode } from '../../types/serializable.js';
import type { Inbox } from '../wire/inbox.js';
import type { Streams } from './streams.js';

/** Connects the data socket with what takes the bytes and the messages that come by it. */
export function dataSocketOf(options: {
  socket: Socket;
  mode: SerializationMode;
  inbox: Pick<Inbox, 'receiveAside' | 'violate'>;
  streams: Streams;
}): DataSocket {
  const { socket, mode, inbox, streams } = options;
  return new DataSocket(socket, {
    format: messageFormat(mode),
    onPiece: (piece) => streams.table.receivePiece(piece),
    onMessage: (message) => streams.table.receiveAside(() => inbox.receiveAside(message)),
    onViolation: (error) => inbox.violate(error),
  });
}
