import type { StreamDescription } from '../../protocol.js';
import { flowOf, type Flow } from './flow.js';
import { RemoteIterator } from './remote-iterator.js';
import { remoteDuplex, remoteReadable, remoteWritable } from './remote-streams.js';
import { remoteReadableStream, remoteWritableStream } from './remote-web-streams.js';
import type { Sink } from './sink.js';
import type { StreamTable } from './stream-table.js';
import { WriteQueue } from './write-queue.js';

/** The ends beneath a stand-in. They are closed when the stand-in is collected. */
interface Ends {
  sink?: Sink;
  queue?: WriteQueue;
}

/** Makes the objects that represent the other side's streams here. The table holds their ends, and nothing holds them. */
export class StandIns {
  readonly #table: StreamTable;
  readonly #abandoned = new FinalizationRegistry<Ends>(({ sink, queue }) => {
    sink?.abandon();
    queue?.fail(new Error('The stream was abandoned before its end.'));
  });

  constructor(table: StreamTable) {
    this.#table = table;
  }

  make(description: StreamDescription): object {
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
    return this.#table.openSink(id, flow, true);
  }

  #queue(id: number, flow: Flow): WriteQueue {
    const queue = new WriteQueue(this.#table.waitingSwitch());
    const source = this.#table.openSource(id, flow, queue);
    // Informs the other side immediately, even if it has given no credit.
    queue.onFail((error) => source.fail(error));
    return queue;
  }

  /** Closes the ends when the stand-in is collected. */
  #watch<T extends object>(standIn: T, ends: Ends): T {
    this.#abandoned.register(standIn, ends);
    return standIn;
  }
}
