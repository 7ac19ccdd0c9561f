import type { Codec } from '../../codec/codec.js';
import { encodeThrown } from '../../codec/codec.js';
import type { StreamClose, StreamData, StreamEnd, StreamStep } from '../../protocol.js';
import { annotate } from '../wire/parcel.js';
import type { StreamOutcome, StepMethod } from './source.js';

/** How the messages of a stream are made. Each may throw a {@link SerializationError} for a value that cannot cross. */

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
  return withValue(message, codec, value);
}

export function endMessage(codec: Codec, streamId: number, outcome: StreamOutcome, answer: boolean): StreamEnd {
  const message = outcomeMessage<StreamEnd>({ type: 'stream-end', streamId }, codec, outcome);
  if (answer) message.answer = true;
  return message;
}

export function closeMessage(codec: Codec, streamId: number, outcome: StreamOutcome): StreamClose {
  return outcomeMessage({ type: 'stream-close', streamId }, codec, outcome);
}

/** A value that cannot cross makes a failure of it: the other side must hear of the end. */
function outcomeMessage<T extends StreamEnd | StreamClose>(
  head: Pick<T, 'type' | 'streamId'>,
  codec: Codec,
  { failed, value }: StreamOutcome,
): T {
  const message = { ...head, result: failed ? 'error' : 'success' } as T;
  if (value === undefined) return message;
  if (failed) {
    const encoded = encodeThrown(codec, value);
    return annotate({ ...message, value: encoded.wire }, encoded);
  }
  try {
    return withValue(message, codec, value);
  } catch (refusal) {
    return outcomeMessage(head, codec, { failed: true, value: refusal });
  }
}

function withValue<T extends StreamStep | StreamEnd | StreamClose>(message: T, codec: Codec, value: unknown): T {
  if (value === undefined) return message;
  const encoded = codec.encode(value, { root: 'value' });
  message.value = encoded.wire;
  return annotate(message, encoded);
}
