import { types } from 'node:util';
import type { Message } from '../../protocol.js';
import type { SessionApi } from '../part.js';
import type { Flow } from './flow.js';
import { isObject } from '../../is-object.js';
import type { Parcel, Send } from '../wire/parcel.js';
import { dataMessage, sendEnd, type StreamEndHead } from './messages.js';
import type { StreamOutcome, Producer, Source } from './source.js';

/** The way of bytes, besides the channel. */
export interface DataLink {
  /** @param written called when the bytes may be changed again */
  sendBytes(streamId: number, chunks: readonly Uint8Array[], written?: () => void): void;
  /** @throws when it cannot be written */
  sendMessage(message: Message): void;
}

export interface StreamSenderOptions {
  link(): SessionApi;
  /** `undefined` where there is no such way. */
  data(): DataLink | undefined;
}

/**
 * Sends what sources make: items by the channel; what may hold bytes by the data socket, and what belongs to it. But whatever
 * may hold a function, a handle or a stream goes by the channel, in order with what is said of these, and leaves a mark among the bytes.
 */
export class StreamSender {
  readonly #options: StreamSenderOptions;

  constructor(options: StreamSenderOptions) {
    this.#options = options;
  }

  /** @param batch of its items so many are whole: their maker hears that they were sent */
  send(
    flow: Flow,
    id: number,
    batch: { items: unknown[]; answer: boolean; whole: number; producer: Producer; source: Source },
  ): void {
    const { items, answer, whole, producer, source } = batch;
    const sent = (): void => producer.sent?.();
    if (flow === 'items') {
      this.#postItems(id, items, answer, source);
      for (const _ of items) sent();
    } else if (flow === 'bytes')
      this.#sendBytes(id, items as Uint8Array[], source, () => {
        for (let n = 0; n < whole; n++) sent();
      });
    else for (const item of items) if (!source.ended) this.#sendChunk(id, item, source, sent);
  }

  /**
   * Objects go by the channel, and so does the refusal of a primitive value that the data socket could not write. An end that nobody
   * has asked for goes by the channel alone, behind the message that exports the stream.
   */
  end(
    flow: Flow,
    id: number,
    outcome: StreamOutcome,
    { answer, isAsked }: { answer: boolean; isAsked: boolean },
  ): void {
    const data = flow === 'items' || !isAsked ? undefined : this.#options.data();
    let isMarked = false;
    let aside = data !== undefined && !isObject(outcome.value);
    const send: Send = (parcel) => {
      if (data && aside) {
        aside = false;
        return this.#link.sendAtOnce(parcel, (message) => data.sendMessage(message));
      }
      if (data && !isMarked) mark(data, id);
      isMarked = true;
      this.#link.sendValue(parcel);
    };
    const head: StreamEndHead = { type: 'stream-end', streamId: id };
    if (answer) head.answer = true;
    if (flow !== 'items' && !isAsked) head.unasked = true;
    sendEnd(this.#link.codec, head, outcome, send);
  }

  get #link(): SessionApi {
    return this.#options.link();
  }

  /** One that cannot cross ends the stream, and those before it still arrive. */
  #postItems(id: number, items: unknown[], answer: boolean, source: Source): void {
    const failed = (error: unknown): void => {
      if (items.length === 1) return source.fail(error);
      for (const item of items) if (!source.ended) this.#postItems(id, [item], answer, source);
    };
    this.#send(() => dataMessage(this.#link.codec, id, items, answer), failed);
  }

  #sendBytes(id: number, chunks: readonly Uint8Array[], source: Source, written: () => void): void {
    const data = this.#options.data();
    if (data) return data.sendBytes(id, chunks, written);
    const bytes = Buffer.concat(chunks).toString('base64');
    this.#send(
      () => ({ type: 'stream-data', streamId: id, items: [], bytes }),
      (error) => source.fail(error),
    );
    written();
  }

  #sendChunk(id: number, item: unknown, source: Source, sent: () => void): void {
    if (types.isUint8Array(item)) return this.#sendBytes(id, [item], source, sent);
    const build = (): Message => dataMessage(this.#link.codec, id, [item], false);
    const data = this.#options.data();
    const failed = (error: unknown): void => source.fail(error);
    if (data && !isObject(item)) this.#link.sendAtOnce({ build, failed }, (message) => data.sendMessage(message));
    else {
      // Should it fail, the end of the stream comes in its place.
      if (data) mark(data, id);
      this.#send(build, failed);
    }
    sent();
  }

  #send(build: Parcel['build'], failed: Parcel['failed']): void {
    this.#link.sendValue({ build, failed });
  }
}

function mark(data: DataLink, streamId: number): void {
  data.sendMessage({ type: 'stream-data', streamId, items: [] });
}
