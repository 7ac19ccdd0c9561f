import { types } from 'node:util';
import type { Message } from '../../protocol.js';
import type { SessionApi } from '../part.js';
import type { Flow } from './flow.js';
import { isObject } from '../../is-object.js';
import type { Parcel, Send } from '../wire/parcel.js';
import { dataMessage, sendEnd, type StreamEndHead } from './messages.js';
import type { StreamOutcome, Producer, Source } from './source.js';

/** The path for bytes besides the channel. */
export interface DataLink {
  /** @param written called when the bytes may be changed again */
  sendBytes(streamId: number, chunks: readonly Uint8Array[], written?: () => void): void;
  /** @throws if the message cannot be written */
  sendMessage(message: Message): void;
}

export interface StreamSenderOptions {
  link(): SessionApi;
  /** Returns `undefined` if bytes use the channel. */
  data(): DataLink | undefined;
}

/**
 * Sends the items of sources. Flows of `items` use the channel. Flows that may hold bytes use the data socket, except for objects:
 * these may hold functions, handles or streams, whose messages use the channel. Each leaves a mark on the data socket.
 */
export class StreamSender {
  readonly #options: StreamSenderOptions;

  constructor(options: StreamSenderOptions) {
    this.#options = options;
  }

  /** @param batch its producer is told once for each of the `whole` complete items that it was sent */
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
   * Objects use the channel, and so does the error for a primitive value that the data socket could not write. An end before the
   * sink has asked for anything uses only the channel, so that it stays behind the message that exports the stream.
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

  /** Sends items by the channel. An item that cannot cross ends the stream, but the items before it still arrive. */
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
      // If the item fails, the end of the stream takes its place behind the mark.
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
