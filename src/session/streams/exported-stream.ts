import type { Streamable } from '../../codec/stream-codec.js';
import type { DuplexSide, StreamDescription } from '../../protocol.js';
import { writeAll, writeAllToWeb } from './consumers.js';
import { flowOf } from './flow.js';
import { iteratorProducer, readableProducer, webReadableProducer } from './producers.js';
import type { StreamTable } from './stream-table.js';
import { inSpanOf } from './traced-producer.js';

/** A stream of this side that a message contains. */
export interface ExportedStream {
  value: object;
  description: StreamDescription;
  ids: number[];
  /** Opens the stream. Called when the message is complete. */
  open(): void;
}

/**
 * Describes a stream for the other side, and prepares to open it here.
 * @param nextId assigns the ids
 */
export function exportStream({ kind, value }: Streamable, table: StreamTable, nextId: () => number): ExportedStream {
  if (kind === 'duplex') {
    const readable = sideOf(nextId(), value.readableObjectMode, value.readableEncoding);
    const writable = sideOf(nextId(), value.writableObjectMode);
    const open = (): void => {
      table.openSource(readable.id, flowOf(readable), readableProducer(value));
      writeAll(table.openSink(writable.id, flowOf(writable), false), value);
    };
    return { value, description: { kind, readable, writable }, ids: [readable.id, writable.id], open };
  }
  const id = nextId();
  const exported = (description: StreamDescription, open: () => void): ExportedStream => ({
    value,
    description,
    ids: [id],
    open,
  });
  switch (kind) {
    case 'iterator':
      return exported({ kind, id }, () => table.openSource(id, 'items', inSpanOf(value, iteratorProducer(value))));
    case 'readable': {
      const side = sideOf(id, value.readableObjectMode, value.readableEncoding);
      return exported({ kind, ...side }, () =>
        table.openSource(id, flowOf(side), inSpanOf(value, readableProducer(value))),
      );
    }
    case 'writable': {
      // HTTP requests and responses have no `writableObjectMode`.
      const side = sideOf(id, value.writableObjectMode === true);
      return exported({ kind, ...side }, () => writeAll(table.openSink(id, flowOf(side), false), value));
    }
    case 'readable-stream':
      return exported({ kind, id }, () => table.openSource(id, 'chunks', inSpanOf(value, webReadableProducer(value))));
    case 'writable-stream':
      return exported({ kind, id }, () => {
        const writer = value.getWriter() as WritableStreamDefaultWriter<unknown>;
        writeAllToWeb(table.openSink(id, 'chunks', false), writer);
      });
  }
}

function sideOf(id: number, objectMode: boolean, encoding?: string | null): DuplexSide {
  return encoding ? { id, objectMode, encoding } : { id, objectMode };
}
