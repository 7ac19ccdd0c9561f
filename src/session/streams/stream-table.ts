import type { Piece } from '../../channel/data-decoder.js';
import { ProtocolError } from '../../errors.js';
import type { ErrorFactory } from '../calls/open-call.js';
import type { Handlers, SessionApi } from '../part.js';
import type { Flow } from './flow.js';
import { OpenSink } from './open-sink.js';
import { OpenSource } from './open-source.js';
import { failOpenStreams } from './other-side-gone.js';
import type { Sink } from './sink.js';
import type { Producer, Source } from './source.js';
import type { StreamLink } from './stream-link.js';
import { StreamSender, type DataLink } from './stream-sender.js';
import { Waiting } from './waiting.js';

/** How many streams that this side did not accept it remembers. */
const MAX_IGNORED = 1000;

export interface StreamTableOptions {
  /** Opens the data socket for the first stream that needs it. Returns `undefined` if there is none. */
  data(): DataLink | undefined;
  /** Called when code on this side starts to wait for a stream, and when none waits any more. */
  onBusy(busy: boolean): void;
}

/** The open streams by their ids. Each has its source on one side and its sink on the other. */
export class StreamTable {
  readonly handlers: Handlers;
  readonly #options: StreamTableOptions;
  readonly #waiting: Waiting;
  readonly #sender: StreamSender;
  readonly #open = new Map<number, OpenSource | OpenSink>();
  readonly #ignored = new Set<number>();
  /** What is to happen when a stream is not open any more. */
  readonly #onClosed = new Map<number, (failure?: { value: unknown }) => void>();
  readonly #link: StreamLink;
  #session!: SessionApi;
  /** The session has ended: messages that still arrive are ignored. */
  #over = false;

  constructor(options: StreamTableOptions) {
    const session = (): SessionApi => this.#session;
    this.#options = options;
    this.#waiting = new Waiting((busy) => options.onBusy(busy));
    this.#sender = new StreamSender({ link: session, data: () => options.data() });
    this.#link = {
      get codec() {
        return session().codec;
      },
      hasDataSocket: () => options.data() !== undefined,
      send: (parcel) => session().sendValue(parcel),
      isOpen: (id) => this.#open.has(id),
      forget: (id) => this.#forget(id),
    };
    this.handlers = {
      'stream-pull': ({ streamId, credit }) => this.#source(streamId)?.pull(credit),
      'stream-step': (message) => this.#source(message.streamId)?.step(message),
      'stream-data': (message, { way }) => this.#sink(message.streamId)?.receiveData(message, way),
      'stream-end': (message, { way }) => this.#sink(message.streamId)?.receiveEnd(message, way),
      'stream-close': (message) => this.#source(message.streamId)?.receiveClose(message),
      'stream-drop': ({ streamId }) => this.drop(streamId),
    };
  }

  get size(): number {
    return this.#open.size;
  }

  has(id: number): boolean {
    return this.#open.has(id);
  }

  attach(session: SessionApi): void {
    this.#session = session;
  }

  openSource(id: number, flow: Flow, producer: Producer): Source {
    this.#prepare(flow);
    const open = new OpenSource(id, flow, producer, this.#sender, this.#link);
    this.#open.set(id, open);
    return open.end;
  }

  /** @param closesItself whether the stream closes when all of it has arrived; otherwise its owner closes it */
  openSink(id: number, flow: Flow, closesItself: boolean): Sink {
    this.#prepare(flow);
    const open = new OpenSink(id, flow, this.#link, { closesItself, onWaiting: this.waitingSwitch() });
    this.#open.set(id, open);
    return open.end;
  }

  /** Makes a function by which a stream reports whether code on this side waits for it. */
  waitingSwitch(): (waiting: boolean) => void {
    return this.#waiting.switch();
  }

  /** Takes a part of a chunk of bytes from the data socket. */
  receivePiece(piece: Piece): void {
    this.#sink(piece.streamId)?.receivePiece(piece);
  }

  /** This side does not accept the stream. Messages that the other side sent before it learned this are not a violation. */
  ignore(id: number): void {
    this.#ignored.add(id);
    const [oldest] = this.#ignored;
    if (this.#ignored.size > MAX_IGNORED && oldest !== undefined) this.#ignored.delete(oldest);
  }

  /** The other side has not accepted the stream. */
  drop(id: number): void {
    const open = this.#find(id);
    if (!open) return;
    this.#forget(id);
    open.end.fail(new Error('The other process did not accept the stream.'));
  }

  /** Calls `done` when none of these streams is open any more; not where the conversation ends before. */
  whenClosed(ids: readonly number[], done: (failure?: { value: unknown }) => void): void {
    const open = ids.filter((id) => this.#open.has(id));
    let left = open.length;
    if (left === 0) return done();
    let failed: { value: unknown } | undefined;
    for (const id of open) {
      this.#onClosed.set(id, (failure) => {
        failed ??= failure;
        if (--left === 0) done(failed);
      });
    }
  }

  /** Fails every stream that has not ended. */
  endAll(reason: ErrorFactory): void {
    this.#over = true;
    failOpenStreams(this.#open.values(), reason);
  }

  clear(): void {
    this.#open.clear();
    this.#onClosed.clear();
  }

  #forget(id: number): void {
    const open = this.#open.get(id);
    this.#open.delete(id);
    // The data socket may be slower than the channel, on which the end has come.
    if (open?.role === 'sink' && open.mayBeMarked) this.ignore(id);
    const onClosed = this.#onClosed.get(id);
    this.#onClosed.delete(id);
    onClosed?.(open?.role === 'sink' ? open.failure : undefined);
  }

  /** The child opens its end of the data socket only when a stream needs it. */
  #prepare(flow: Flow): void {
    if (flow !== 'items') this.#options.data();
  }

  #source(id: number): OpenSource | undefined {
    const open = this.#find(id);
    if (open?.role === 'sink')
      throw new ProtocolError(`The stream ${id} was asked for items, but this side receives them.`);
    return open;
  }

  #sink(id: number): OpenSink | undefined {
    const open = this.#find(id);
    if (open?.role === 'source')
      throw new ProtocolError(`Items arrived for the stream ${id}, but this side sends them.`);
    return open;
  }

  #find(id: number): OpenSource | OpenSink | undefined {
    const open = this.#open.get(id);
    if (!open && !this.#over && !this.#ignored.has(id))
      throw new ProtocolError(`A message arrived for the stream ${id}, which is not open.`);
    return open;
  }
}
