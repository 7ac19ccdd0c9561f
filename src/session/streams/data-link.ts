import type { DataReceiver } from '../../channel/data-decoder.js';
import { messageFormat } from '../../channel/frames.js';
import type { SerializationMode } from '../../types/serializable.js';
import type { Inbox } from '../wire/inbox.js';
import type { DataLink } from './stream-sender.js';
import type { StreamTable } from './stream-table.js';

/** A path for bytes besides the channel. Opens this side's end. `receiver` handles what arrives. */
export type DataLane = (receiver: DataReceiver) => DataLink;

/** Opens a lane for bytes, and passes what arrives to the streams. */
export function openDataLink(lane: DataLane, mode: SerializationMode, inbox: Inbox, table: StreamTable): DataLink {
  return lane({
    format: messageFormat(mode),
    onPiece: (piece) => table.receivePiece(piece),
    onMessage: (message) => inbox.receiveAside(message),
    onViolation: (error) => inbox.violate(error),
  });
}
