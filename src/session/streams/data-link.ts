import type { DataSocketOptions } from '../../channel/data-socket.js';
import { messageFormat } from '../../channel/frames.js';
import type { SerializationMode } from '../../types/serializable.js';
import type { Inbox } from '../wire/inbox.js';
import type { DataLink } from './stream-sender.js';
import type { StreamTable } from './stream-table.js';

/** A way for bytes besides the channel: opens this side's end, and says what takes what arrives by it. */
export type DataLane = (receiver: DataSocketOptions) => DataLink;

/** Connects a lane for bytes with the streams that they belong to. */
export function openDataLink(lane: DataLane, mode: SerializationMode, inbox: Inbox, table: StreamTable): DataLink {
  return lane({
    format: messageFormat(mode),
    onPiece: (piece) => table.receivePiece(piece),
    onMessage: (message) => inbox.receiveAside(message),
    onViolation: (error) => inbox.violate(error),
  });
}
