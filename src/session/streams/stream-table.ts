import type { Piece } from '../../channel/data-socket.js';
import { ProtocolError, SerializationError } from '../../errors.js';
import type { Coded, Message, StreamData, StreamEnd, Wire } from '../../protocol.js';
import type { ErrorFactory } from '../calls/calls.js';
import type { Handlers, SessionApi } from '../part.js';
import { ArrivalOrder } from './arrival-order.js';
import { isObject } from './is-object.js';
import { closeMessage, stepMessage } from './messages.js';
import { Sink, type SinkOutput } from './sink.js';
import { StreamSender, type DataLink, type Flow } from './stream-sender.js';
import { Source, type StreamOutcome, type Producer, type SourceOutput, type StepMethod } from './source.js';

/** What may be under way on one stream, in bytes. */
const WINDOW = 1024 * 1024;
/** So many streams that were not taken are remembered. */
const MAX_IGNORED = 1000;
/** What an item counts that is no chunk of bytes: 64 of them fill the window. */
const ITEM_COST = WINDOW / 64;
/** What a chunk of bytes counts at least among items. */
const LEAST_COST = 1024;

interface Open {
  readonly flow: Flow;
  readonly source?: Source;
  readonly sink?: Sink;
  /** A chunk that has not come whole. */
  pieces: Buffer[];
  /** Since something of it has come by the channel, or is to, that may come by the data socket too. */
  order?: ArrivalOrder;
  /** What has crossed of the two messages that end a stream. */
  ended: boolean;
  closed: boolean;
}

export interface StreamTableOptions {
  /** Opened when the first stream needs it; `undefined` where there is none. */
  data(): DataLink | undefined;
  /** Called when somebody here begins to wait for a stream, and when nobody does any more. */
  onBusy(busy: boolean): void;
}

/** The streams that are open: each has its source on one side and its sink on the other. */
export class StreamTable {
  readonly handlers: Handlers;
  readonly #options: StreamTableOptions;
  readonly #sender: StreamSender;
  readonly #ignored = new Set<number>();
  readonly #open = new Map<number, Open>();
  #link!: SessionApi;
  #waiting = 0;
  /** What still comes is of no interest. */
  #over = false;
  /** What is received comes by the data socket. */
  #aside = false;

  constructor(options: StreamTableOptions) {
    this.#options = options;
    this.#sender = new StreamSender({ link: () => this.#link, data: () => options.data() });
    this.handlers = {
      'stream-pull': ({ streamId, credit }) => this.#source(streamId)?.pull(credit),
      'stream-step': ({ streamId, method, value, coded }) => this.#step(this.#source(streamId), method, value, coded),
      'stream-data': (message) => this.#receiveData(message),
      'stream-end': (message) => this.#receiveEnd(message),
      'stream-close': ({ streamId, result, value, coded }) => this.#receiveClose(streamId, result, value, coded),
      'stream-drop': ({ streamId }) => this.drop(streamId),
    };
  }

  get size(): number {
    return this.#open.size;
  }

  has(id: number): boolean {
    return this.#open.has(id);
  }

  attach(link: SessionApi): void {
    this.#link = link;
  }

  openSource(id: number, flow: Flow, producer: Producer): Source {
    this.#prepare(flow);
    const source: Source = new Source({
      producer,
      cost: flow === 'bytes' ? byteLength : itemCost,
      window: WINDOW,
      split: flow === 'bytes' ? splitBytes : undefined,
      isStable: (item) => !isObject(item) || (flow !== 'items' && item instanceof Uint8Array),
      output: this.#sourceOutput(id, flow, producer, () => source),
    });
    this.#open.set(id, { flow, source, pieces: [], ended: false, closed: false });
    return source;
  }

  /** @param closesItself whether it has done as soon as all has come; else its owner says when */
  openSink(id: number, flow: Flow, closesItself: boolean): Sink {
    this.#prepare(flow);
    const sink = new Sink({
      output: this.#sinkOutput(id),
      window: WINDOW,
      start: flow === 'bytes' ? WINDOW / 4 : ITEM_COST,
      cost: flow === 'bytes' ? byteLength : itemCost,
      closesItself,
      onWaiting: this.waitingSwitch(),
    });
    this.#open.set(id, { flow, sink, pieces: [], ended: false, closed: false });
    return sink;
  }

  /** Tells of one stream whether somebody here waits for it. */
  waitingSwitch(): (waiting: boolean) => void {
    let before = false;
    return (waiting) => {
      if (waiting === before) return;
      before = waiting;
      this.#waiting += waiting ? 1 : -1;
      if (this.#waiting === (waiting ? 1 : 0)) this.#options.onBusy(waiting);
    };
  }

  /** @param receive hands over a message that has come by the data socket */
  receiveAside(receive: () => void): void {
    this.#aside = true;
    try {
      receive();
    } finally {
      this.#aside = false;
    }
  }

  /** A part of a chunk of bytes has come. */
  receivePiece({ streamId, bytes, isFirst, isLast }: Piece): void {
    const open = this.#find(streamId);
    if (!open) return;
    if (!open.sink || open.flow === 'items')
      throw new ProtocolError(`Bytes arrived for the stream ${streamId}, which takes none.`);
    if (open.flow === 'bytes') {
      if (bytes.length > 0) open.sink.push([bytes], 'items');
      return;
    }
    // A chunk comes whole, however large: none may begin without credit.
    if (isFirst) open.sink.admit([]);
    if (open.sink.closed) {
      open.pieces = [];
      return;
    }
    open.pieces.push(bytes);
    if (!isLast) return;
    const whole = open.pieces.length === 1 ? bytes : Buffer.concat(open.pieces);
    open.pieces = [];
    this.#place(open, open.sink, [new Uint8Array(whole.buffer, whole.byteOffset, whole.length)], true);
  }

  /** This side does not take it: what the other has said of it before it hears so is no violation. */
  ignore(id: number): void {
    this.#ignored.add(id);
    const [oldest] = this.#ignored;
    if (this.#ignored.size > MAX_IGNORED && oldest !== undefined) this.#ignored.delete(oldest);
  }

  /** The other side has not taken it. */
  drop(id: number): void {
    const open = this.#find(id);
    if (!open) return;
    this.#open.delete(id);
    const reason = new Error('The other process has not taken the stream.');
    open.source?.fail(reason);
    open.sink?.fail(reason);
  }

  /** All that has not come to its end fails, and what comes is ignored. */
  endAll(reason: ErrorFactory): void {
    this.#over = true;
    for (const { source, sink } of this.#open.values()) {
      source?.fail(reason('stream'));
      sink?.fail(reason('stream'));
    }
  }

  clear(): void {
    this.#open.clear();
  }

  /** The child opens its end of the data socket only then. */
  #prepare(flow: Flow): void {
    if (flow !== 'items') this.#options.data();
  }

  #find(id: number): Open | undefined {
    const open = this.#open.get(id);
    if (!open && !this.#over && !this.#ignored.has(id))
      throw new ProtocolError(`A message arrived for the stream ${id}, which is not open.`);
    return open;
  }

  #source(id: number): Source | undefined {
    const open = this.#find(id);
    if (open && !open.source) throw new ProtocolError(`The stream ${id} was asked for items, which is to take them.`);
    return open?.source;
  }

  /** A value that this process does not know how to read ends the stream, and nothing else. */
  #step(source: Source | undefined, method: StepMethod, value: Wire, coded: Coded | undefined): void {
    try {
      source?.step(method, this.#decode(value, coded));
    } catch (error) {
      if (!(error instanceof SerializationError)) throw error;
      source?.fail(error);
    }
  }

  #receiveData({ streamId, items, answer, bytes, coded }: StreamData): void {
    const open = this.#find(streamId);
    if (!open) return;
    if (!open.sink) throw new ProtocolError(`Items arrived for the stream ${streamId}, which makes them.`);
    if (bytes !== undefined) {
      return this.receivePiece({ streamId, bytes: Buffer.from(bytes, 'base64'), isFirst: true, isLast: true });
    }
    if (this.#aside && items.length === 0) return orderOf(open).mark();
    if (open.flow === 'bytes')
      throw new ProtocolError(`Items arrived for the stream ${streamId}, which carries bytes.`);
    try {
      const decoded = this.#decode(items, coded) as unknown[];
      if (open.flow === 'items') open.sink.push(decoded, answer ? 'answer' : 'items');
      else this.#place(open, open.sink, decoded, this.#aside);
    } catch (error) {
      if (!(error instanceof SerializationError)) throw error;
      open.sink.fail(error);
    }
  }

  /** Counts chunks as soon as they are here, and hands them over in their turn. */
  #place(open: Open, sink: Sink, chunks: readonly unknown[], aside: boolean): void {
    sink.admit(chunks);
    this.#inTurn(open, () => sink.accept(chunks), aside);
  }

  #inTurn(open: Open, take: () => void, aside: boolean): void {
    if (aside || !this.#hasTwoWays(open)) return open.order ? open.order.aside(take) : take();
    orderOf(open).message(take);
  }

  #hasTwoWays({ flow }: Open): boolean {
    return flow !== 'items' && this.#options.data() !== undefined;
  }

  #receiveEnd({ streamId: id, result, answer, value, coded }: StreamEnd): void {
    const open = this.#find(id);
    if (!open) return;
    const { sink } = open;
    const outcome = this.#outcome(result, value, coded);
    const take = (): void => {
      if (!sink || open.ended) throw new ProtocolError(`The stream ${id} ended, which cannot.`);
      open.ended = true;
      sink.end(outcome, answer);
      this.#forget(id, open);
    };
    this.#inTurn(open, take, this.#aside);
  }

  #receiveClose(id: number, result: 'success' | 'error', value: Wire, coded: Coded | undefined): void {
    const source = this.#source(id);
    const open = this.#open.get(id);
    if (!source || !open) return;
    if (open.closed) throw new ProtocolError(`The stream ${id} was closed twice.`);
    open.closed = true;
    source.close(this.#outcome(result, value, coded));
    this.#forget(id, open);
  }

  #outcome(result: 'success' | 'error', value: Wire, coded: Coded | undefined): StreamOutcome {
    try {
      return { failed: result === 'error', value: this.#decode(value, coded) };
    } catch (error) {
      if (!(error instanceof SerializationError)) throw error;
      return { failed: true, value: error };
    }
  }

  #decode(wire: Wire, coded: Coded | undefined): unknown {
    return coded ? this.#link.codec.decode(wire) : wire;
  }

  #forget(id: number, { ended, closed }: Open): void {
    if (ended && closed) this.#open.delete(id);
  }

  #sourceOutput(id: number, flow: Flow, producer: Producer, source: () => Source): SourceOutput {
    return {
      data: (items, answer, whole) => this.#sender.send(flow, id, { items, answer, whole, producer, source: source() }),
      end: (outcome, answer) => {
        const open = this.#open.get(id);
        if (!open) return;
        open.ended = true;
        this.#sender.end(flow, id, outcome, answer);
        this.#forget(id, open);
      },
    };
  }

  #sinkOutput(id: number): SinkOutput {
    return {
      pull: (credit) => this.#post(() => ({ type: 'stream-pull', streamId: id, credit })),
      step: (method, value) =>
        this.#post(
          () => stepMessage(this.#link.codec, id, method, value),
          (error) => this.#open.get(id)?.sink?.fail(error),
        ),
      close: (outcome) => {
        const open = this.#open.get(id);
        if (!open) return;
        open.closed = true;
        this.#post(() => closeMessage(this.#link.codec, id, outcome));
        this.#forget(id, open);
      },
    };
  }

  #post(build: () => Message, failed: (error: unknown) => void = ignore): void {
    this.#link.sendValue(build, 'stream', failed);
  }
}

function orderOf(open: Open): ArrivalOrder {
  return (open.order ??= new ArrivalOrder());
}

function splitBytes(chunk: unknown, credit: number): [unknown, unknown] {
  const bytes = chunk as Uint8Array;
  return [bytes.subarray(0, credit), bytes.subarray(credit)];
}

function byteLength(chunk: unknown): number {
  return (chunk as Uint8Array).byteLength;
}

function itemCost(item: unknown): number {
  return ArrayBuffer.isView(item) ? Math.max(item.byteLength, LEAST_COST) : ITEM_COST;
}

function ignore(): void {}
