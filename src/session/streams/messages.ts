import type { Codec } from '../../codec/codec.js';
import type { StreamClose, StreamData, StreamEnd, StreamStep } from '../../protocol.js';
import { annotate, type Send } from '../wire/parcel.js';
import { ValueParcel, type Form } from '../wire/value-parcel.js';
import type { StreamOutcome, StepMethod } from './source.js';

/** Makes the messages of streams. Each function may throw a {@link SerializationError} for a value that cannot cross. */

export function dataMessage(codec: Codec, streamId: number, items: unknown[], answer: boolean): StreamData {
  const encoded =
    items.length === 1 ? codec.encode(items[0], { root: 'item' }) : codec.encode(items, { root: 'items' });
  const message: StreamData = {
    type: 'stream-data',
    streamId,
    items: items.length === 1 ? [encoded.wire] : (encoded.wire as unknown[]),
  };
  if (answer) message.answer = true;
  return annotate(message, encoded);
}

export function stepMessage(codec: Codec, streamId: number, method: StepMethod, value: unknown): StreamStep {
  const message: StreamStep = { type: 'stream-step', streamId, method };
  if (value === undefined) return message;
  const encoded = codec.encode(value, { root: 'value' });
  message.value = encoded.wire;
  return annotate(message, encoded);
}

/** Sends how a stream ended. A value that cannot cross turns the end into a failure, since the other side must learn of the end. */
export function sendEnd(codec: Codec, head: Head, { failed, value }: StreamOutcome, send: Send): void {
  const parcel = new ValueParcel({ codec, form: endForm, send }, head, {});
  if (failed) parcel.fail(value);
  else parcel.succeed(value);
}

export type StreamEndHead = Pick<StreamEnd, 'type' | 'streamId' | 'answer' | 'unasked'>;
type Head = StreamEndHead | Pick<StreamClose, 'type' | 'streamId'>;

const endForm: Form<Head> = {
  root: 'value',
  success: (head, value): StreamEnd | StreamClose => ({
    ...head,
    result: 'success',
    ...(value !== undefined && { value }),
  }),
  failure: (head, value): StreamEnd | StreamClose => ({
    ...head,
    result: 'error',
    ...(value !== undefined && { value }),
  }),
};
