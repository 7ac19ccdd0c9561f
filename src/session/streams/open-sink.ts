import type { Piece } from '../../channel/data-decoder.js';
import { ProtocolError, SerializationError } from '../../errors.js';
import type { StreamData, StreamEnd } from '../../protocol.js';
import type { Arrival } from '../wire/inbox.js';
import { withoutValue } from '../wire/parcel.js';
import { ArrivalOrder } from './arrival-order.js';
import { ClosingHandshake } from './closing-handshake.js';
import { sendEnd, stepMessage } from './messages.js';
import { carried, measures, WINDOW, type Flow } from './flow.js';
import { readOutcome, readValue } from './read-message.js';
import { Sink } from './sink.js';
import type { StreamOutcome } from './source.js';
import type { StreamLink } from './stream-link.js';

type Way = Arrival['way'];

export interface OpenSinkOptions {
  /** Whether the stream closes when all of it has arrived. Otherwise its owner closes it. */
  closesItself: boolean;
  onWaiting(waiting: boolean): void;
}

/** A stream that this side consumes: passes what arrives to its sink, in order. */
export class OpenSink {
  readonly role = 'sink';
  readonly end: Sink;
  /** How the stream failed, on either side. */
  failure: StreamOutcome | undefined;
  readonly #id: number;
  readonly #flow: Flow;
  readonly #link: StreamLink;
  readonly #closing: ClosingHandshake;
  /** The parts of a chunk that has not arrived completely. */
  #pieces: Buffer[] = [];
  /** Created when the stream first uses the channel although it has the data socket. */
  #order: ArrivalOrder | undefined;

  constructor(id: number, flow: Flow, link: StreamLink, options: OpenSinkOptions) {
    this.#id = id;
    this.#flow = flow;
    this.#link = link;
    this.#closing = new ClosingHandshake(() => link.forget(id));
    this.end = new Sink({
      ...options,
      ...measures[flow],
      window: WINDOW,
      output: {
        pull: (credit) => link.send(withoutValue({ type: 'stream-pull', streamId: id, credit })),
        step: (method, value) =>
          link.send({
            build: () => stepMessage(link.codec, id, method, carried(link.codec, flow, value)),
            failed: (error) => this.end.fail(error),
          }),
        close: (outcome) => {
          this.#note(outcome);
          if (!link.isOpen(id)) return;
          sendEnd(link.codec, { type: 'stream-close', streamId: id }, outcome, link.send);
          this.#closing.cross('close');
        },
      },
    });
  }

  /** Whether marks for messages that could not be written may still come by the data socket, also after the end. */
  get mayBeMarked(): boolean {
    return this.#order !== undefined;
  }

  receiveData({ items, answer, bytes, coded }: StreamData, way: Way): void {
    if (bytes !== undefined)
      return this.receivePiece({ bytes: Buffer.from(bytes, 'base64'), isFirst: true, isLast: true });
    if (way === 'data-socket' && items.length === 0) return this.#inOrder().mark();
    if (this.#flow === 'bytes') throw this.#violation('got items, but it carries bytes');
    try {
      const decoded = readValue(this.#link.codec, items, coded) as unknown[];
      if (this.#flow === 'chunks') this.#place(decoded, way);
      else this.end.push(decoded, answer ? 'answer' : 'items');
    } catch (error) {
      if (!(error instanceof SerializationError)) throw error;
      this.end.fail(error);
    }
  }

  /** Takes a part of a chunk of bytes. */
  receivePiece({ bytes, isFirst, isLast }: Omit<Piece, 'streamId'>): void {
    const { end: sink } = this;
    if (this.#flow === 'items') throw this.#violation('got bytes, but it carries items');
    if (this.#flow === 'bytes') {
      if (bytes.length > 0) sink.push([bytes], 'items');
      return;
    }
    // A chunk may have any size, but it may not begin without credit.
    if (isFirst) sink.admit([]);
    if (sink.closed) {
      this.#pieces = [];
      return;
    }
    this.#pieces.push(bytes);
    if (!isLast) return;
    const whole = this.#pieces.length === 1 ? bytes : Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#place([new Uint8Array(whole.buffer, whole.byteOffset, whole.length)], 'data-socket');
  }

  receiveEnd(message: StreamEnd, way: Way): void {
    const outcome = readOutcome(this.#link.codec, message);
    const take = (): void => {
      if (this.#closing.has('end')) throw this.#violation('ended twice');
      this.#note(outcome);
      this.end.end(outcome, message.answer);
      this.#closing.cross('end');
    };
    if (message.unasked) take();
    else this.#inTurn(way, take);
  }

  /** Counts chunks when they arrive, and hands them to the sink in their turn. */
  #place(chunks: readonly unknown[], way: Way): void {
    this.end.admit(chunks);
    this.#inTurn(way, () => this.end.accept(chunks));
  }

  #inTurn(way: Way, take: () => void): void {
    if (way === 'channel' && this.#hasTwoWays()) this.#inOrder().message(take);
    else if (this.#order) this.#order.aside(take);
    else take();
  }

  #hasTwoWays(): boolean {
    return this.#flow !== 'items' && this.#link.hasDataSocket();
  }

  #inOrder(): ArrivalOrder {
    return (this.#order ??= new ArrivalOrder());
  }

  #note(outcome: StreamOutcome): void {
    if (outcome.failed) this.failure ??= outcome;
  }

  #violation(what: string): ProtocolError {
    return new ProtocolError(`The stream ${this.#id} ${what}.`);
  }
}
