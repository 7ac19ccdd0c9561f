import type { DataReceiver, LargeReceiver } from '../../channel/data-decoder.js';
import type { LargeBytesLane } from '../../channel/data-socket.js';
import { messageFormat } from '../../channel/frames.js';
import type { SerializationMode } from '../../types/serializable.js';
import type { Inbox } from '../wire/inbox.js';
import type { DataLink } from './stream-sender.js';
import type { StreamTable } from './stream-table.js';

/** A path for bytes besides the channel. Opens this side's end. `receiver` handles what arrives. */
export type DataLane = (receiver: DataReceiver) => OpenLane;

type OpenLane = DataLink & LargeBytesLane;

export interface DataLinkOptions {
  mode: SerializationMode;
  inbox: Inbox;
  table: StreamTable;
  /** Absent if large bytes are part of their messages. */
  large: LargeReceiver | undefined;
}

/** Opens a lane for bytes, and passes what arrives to the streams and to the messages that wait for it. */
export function openDataLink(lane: DataLane, { mode, inbox, table, large }: DataLinkOptions): OpenLane {
  return lane({
    large,
    format: messageFormat(mode),
    onPiece: (piece) => table.receivePiece(piece),
    onMessage: (message) => inbox.receiveAside(message),
    onViolation: (error) => inbox.violate(error),
  });
}
