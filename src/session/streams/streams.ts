import { markPassedOn, type Streamable, type StreamExchange } from '../../codec/stream-codec.js';
import { ProtocolError } from '../../errors.js';
import type { Coded, DuplexSide, StreamDescription } from '../../protocol.js';
import type { SideStats } from '../../types/stats.js';
import type { ErrorFactory } from '../calls/open-call.js';
import type { SessionApi, SessionPart } from '../part.js';
import { withoutValue } from '../wire/parcel.js';
import { writeAll, writeAllToWeb } from './consumers.js';
import { iteratorProducer, readableProducer, webReadableProducer } from './producers.js';
import { RemoteIterator } from './remote-iterator.js';
import { remoteDuplex, remoteReadable, remoteWritable } from './remote-streams.js';
import { remoteReadableStream, remoteWritableStream } from './remote-web-streams.js';
import type { Sink } from './sink.js';
import type { Flow } from './flow.js';
import { WriteQueue } from './write-queue.js';
import { StreamTable, type StreamTableOptions } from './stream-table.js';
import { inSpanOf } from './traced-producer.js';

export interface StreamsOptions extends StreamTableOptions {
  /** The parent's ids are odd, the child's even. */
  isParent: boolean;
}

interface Pending {
  value: object;
  description: StreamDescription;
  ids: number[];
  /** Opens the stream. Called when the message that exports it is complete. */
  open(): void;
}

/** The ends beneath a stand-in. They are closed when the stand-in is collected. */
interface Ends {
  sink?: Sink;
  queue?: WriteQueue;
}

/** Lets iterators and streams cross: opens exported ones, and makes stand-ins for those that arrive. */
export class Streams implements StreamExchange, SessionPart {
  readonly table: StreamTable;
  readonly #pending: Pending[] = [];
  /** Ids that the current message exports and that were not taken yet. */
  readonly #arrived = new Set<number>();
  /** Stand-ins by ids that were taken: a message may contain a stream more than once. */
  readonly #taken = new Map<number, object>();
  readonly #abandoned = new FinalizationRegistry<Ends>(({ sink, queue }) => {
    sink?.abandon();
    queue?.fail(new Error('The stream was abandoned before its end.'));
  });
  #link!: SessionApi;
  #lastId: number;

  constructor(options: StreamsOptions) {
    this.table = new StreamTable(options);
    this.#lastId = options.isParent ? -1 : 0;
  }

  get handlers(): StreamTable['handlers'] {
    return this.table.handlers;
  }

  attach(link: SessionApi): void {
    this.#link = link;
    this.table.attach(link);
  }

  get stats(): Pick<SideStats, 'openStreams'> {
    return { openStreams: this.table.size };
  }

  export(streamable: Streamable): StreamDescription {
    const known = this.#pending.find(({ value }) => value === streamable.value);
    if (known) return known.description;
    const pending = this.#describe(streamable);
    this.#pending.push(pending);
    return pending.description;
  }

  takeExported(): number[] {
    return this.#pending.splice(0).flatMap(({ value, open, ids }) => {
      markPassedOn(value);
      open();
      return ids;
    });
  }

  discard(): void {
    this.#pending.length = 0;
  }

  /** @throws {ProtocolError} for an id that the other side may not assign */
  arrive(coded: Coded): void {
    for (const id of streamIds(coded)) {
      if (id % 2 === Math.abs(this.#lastId % 2) || this.table.has(id)) {
        throw new ProtocolError(`A stream arrived under the id ${id}, which is not free.`);
      }
      this.#arrived.add(id);
    }
  }

  account(coded: Coded): void {
    for (const id of streamIds(coded)) {
      this.#taken.delete(id);
      if (!this.#arrived.delete(id)) continue;
      this.table.ignore(id);
      this.#link.sendValue(withoutValue({ type: 'stream-drop', streamId: id }));
    }
  }

  takeBack(coded: Coded): void {
    for (const id of streamIds(coded)) this.table.drop(id);
  }

  whenClosed(streams: readonly number[], done: (failure?: { value: unknown }) => void): void {
    this.table.whenClosed(streams, done);
  }

  end(reason: ErrorFactory): void {
    this.table.endAll(reason);
  }

  close(): void {
    this.table.clear();
  }

  import(description: StreamDescription): object {
    const id = description.kind === 'duplex' ? description.readable.id : description.id;
    const made = this.#taken.get(id) ?? this.#make(description);
    this.#taken.set(id, made);
    return made;
  }

  #nextId(): number {
    return (this.#lastId += 2);
  }

  #describe(streamable: Streamable): Pending {
    const { kind, value } = streamable;
    if (kind === 'duplex') {
      const readable = this.#side(value.readableObjectMode, value.readableEncoding);
      const writable = this.#side(value.writableObjectMode);
      const open = (): void => {
        this.table.openSource(readable.id, flowOf(readable), readableProducer(value));
        writeAll(this.table.openSink(writable.id, flowOf(writable), false), value);
      };
      return { value, description: { kind, readable, writable }, ids: [readable.id, writable.id], open };
    }
    const id = this.#nextId();
    const pending = (description: StreamDescription, open: () => void): Pending => ({
      value,
      description,
      ids: [id],
      open,
    });
    switch (kind) {
      case 'iterator':
        return pending({ kind, id }, () =>
          this.table.openSource(id, 'items', inSpanOf(value, iteratorProducer(value))),
        );
      case 'readable': {
        const side = { ...this.#side(value.readableObjectMode, value.readableEncoding), id };
        return pending({ kind, ...side }, () =>
          this.table.openSource(id, flowOf(side), inSpanOf(value, readableProducer(value))),
        );
      }
      case 'writable': {
        // HTTP requests and responses have no `writableObjectMode`.
        const side = { objectMode: value.writableObjectMode === true, id };
        return pending({ kind, ...side }, () => writeAll(this.table.openSink(id, flowOf(side), false), value));
      }
      case 'readable-stream':
        return pending({ kind, id }, () =>
          this.table.openSource(id, 'chunks', inSpanOf(value, webReadableProducer(value))),
        );
      case 'writable-stream':
        return pending({ kind, id }, () => {
          const writer = value.getWriter() as WritableStreamDefaultWriter<unknown>;
          writeAllToWeb(this.table.openSink(id, 'chunks', false), writer);
        });
    }
  }

  #side(objectMode: boolean, encoding?: string | null): DuplexSide {
    const side: DuplexSide = { id: this.#nextId(), objectMode };
    if (encoding) side.encoding = encoding;
    return side;
  }

  #make(description: StreamDescription): object {
    switch (description.kind) {
      case 'iterator': {
        const sink = this.#sink(description.id, 'items');
        return this.#watch(new RemoteIterator(sink), { sink });
      }
      case 'readable': {
        const sink = this.#sink(description.id, flowOf(description));
        return this.#watch(remoteReadable(sink, description), { sink });
      }
      case 'writable': {
        const queue = this.#queue(description.id, flowOf(description));
        return this.#watch(remoteWritable(queue, description), { queue });
      }
      case 'duplex': {
        const { readable, writable } = description;
        const sink = this.#sink(readable.id, flowOf(readable));
        const queue = this.#queue(writable.id, flowOf(writable));
        return this.#watch(remoteDuplex(sink, queue, readable, writable), { sink, queue });
      }
      case 'readable-stream': {
        const sink = this.#sink(description.id, 'chunks');
        return this.#watch(remoteReadableStream(sink), { sink });
      }
      case 'writable-stream': {
        const queue = this.#queue(description.id, 'chunks');
        return this.#watch(remoteWritableStream(queue), { queue });
      }
    }
  }

  #sink(id: number, flow: Flow): Sink {
    this.#take(id);
    return this.table.openSink(id, flow, true);
  }

  #queue(id: number, flow: Flow): WriteQueue {
    this.#take(id);
    const queue = new WriteQueue(this.table.waitingSwitch());
    const source = this.table.openSource(id, flow, queue);
    // Informs the other side immediately, even if it has given no credit.
    queue.onFail((error) => source.fail(error));
    return queue;
  }

  #take(id: number): void {
    if (!this.#arrived.delete(id))
      throw new ProtocolError(`The stream ${id} arrived in a message that does not list it in \`coded\`.`);
  }

  /** Closes the ends when the stand-in is collected. The session itself does not hold stand-ins. */
  #watch<T extends object>(standIn: T, ends: Ends): T {
    this.#abandoned.register(standIn, ends);
    return standIn;
  }
}

function flowOf({ objectMode }: { objectMode: boolean }): Flow {
  return objectMode ? 'items' : 'bytes';
}

function streamIds(coded: Coded): number[] {
  return coded === true ? [] : coded.filter((id) => typeof id === 'number');
}
