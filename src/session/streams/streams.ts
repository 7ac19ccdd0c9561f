import { markPassedOn, type Streamable, type StreamExchange } from '../../codec/stream-codec.js';
import { ProtocolError } from '../../errors.js';
import type { Coded, StreamDescription } from '../../protocol.js';
import type { SideStats } from '../../types/stats.js';
import type { ErrorFactory } from '../calls/open-call.js';
import type { SessionApi, SessionPart } from '../part.js';
import { withoutValue } from '../wire/parcel.js';
import { exportStream, type ExportedStream } from './exported-stream.js';
import { StandIns } from './stand-ins.js';
import { StreamTable, type StreamTableOptions } from './stream-table.js';

export interface StreamsOptions extends StreamTableOptions {
  /** The parent's ids are odd, the child's even. */
  isParent: boolean;
}

/** Lets iterators and streams cross: opens exported ones, and makes stand-ins for those that arrive. */
export class Streams implements StreamExchange, SessionPart {
  readonly table: StreamTable;
  readonly #standIns: StandIns;
  /** The streams of the message that is being written. */
  readonly #exported: ExportedStream[] = [];
  /** Ids that the current message exports and that were not taken yet. */
  readonly #arrived = new Set<number>();
  /** Stand-ins by ids that were taken: a message may contain a stream more than once. */
  readonly #taken = new Map<number, object>();
  #link!: SessionApi;
  #lastId: number;

  constructor(options: StreamsOptions) {
    this.table = new StreamTable(options);
    this.#standIns = new StandIns(this.table);
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
    const known = this.#exported.find(({ value }) => value === streamable.value);
    if (known) return known.description;
    const exported = exportStream(streamable, this.table, () => (this.#lastId += 2));
    this.#exported.push(exported);
    return exported.description;
  }

  takeExported(): number[] {
    return this.#exported.splice(0).flatMap(({ value, open, ids }) => {
      markPassedOn(value);
      open();
      return ids;
    });
  }

  discard(): void {
    this.#exported.length = 0;
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
    const [id, ...others] =
      description.kind === 'duplex' ? [description.readable.id, description.writable.id] : [description.id];
    const known = this.#taken.get(id);
    if (known) return known;
    for (const each of [id, ...others]) this.#take(each);
    const standIn = this.#standIns.make(description);
    this.#taken.set(id, standIn);
    return standIn;
  }

  #take(id: number): void {
    if (!this.#arrived.delete(id))
      throw new ProtocolError(`The stream ${id} arrived in a message that does not list it in \`coded\`.`);
  }
}

function streamIds(coded: Coded): number[] {
  return coded === true ? [] : coded.filter((id) => typeof id === 'number');
}
