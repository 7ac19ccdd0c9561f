import type { Socket } from 'node:net';
import { DataSocket } from '../../channel/data-socket.js';
import { messageFormat } from '../../channel/frames.js';
import type { SerializationMode } from '../../types/serializable.js';
import type { Inbox } from '../wire/inbox.js';
import type { Streams } from './streams.js';

/** Opens the data socket, and hands what arrives by it to the streams and the session. */
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
    onMessage: (message) => inbox.receiveAside(message),
    onViolation: (error) => inbox.violate(error),
  });
}
