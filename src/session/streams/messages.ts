import type { Codec } from '../../codec/codec.js';
import { encodeThrown } from '../../codec/codec.js';
import type { Coded, StreamClose, StreamData, StreamEnd, StreamStep } from '../../protocol.js';
import type { Outcome, StepMethod } from './source.js';

/** How the messages of a stream are made. Each may throw a {@link SerializationError} for a value that cannot cross. */

export function dataMessage(codec: Codec, streamId: number, items: unknown[], answer: boolean): StreamData {
  const { wire, coded } =
    items.length === 1 ? codec.encode(items[0], { root: 'item' }) : codec.encode(items, { root: 'items' });
  const message: StreamData = {
    type: 'stream-data',
    streamId,
    items: items.length === 1 ? [wire] : (wire as unknown[]),
  };
  if (answer) message.answer = true;
  return withCoded(message, coded);
}

export function stepMessage(codec: Codec, streamId: number, method: StepMethod, value: unknown): StreamStep {
  const message: StreamStep = { type: 'stream-step', streamId, method };
  return withValue(message, codec, value);
}

export function endMessage(codec: Codec, streamId: number, outcome: Outcome, answer: boolean): StreamEnd {
  const message = outcomeMessage<StreamEnd>({ type: 'stream-end', streamId }, codec, outcome);
  if (answer) message.answer = true;
  return message;
}

export function closeMessage(codec: Codec, streamId: number, outcome: Outcome): StreamClose {
  return outcomeMessage({ type: 'stream-close', streamId }, codec, outcome);
}

/** A value that cannot cross makes a failure of it: the other side must hear of the end. */
function outcomeMessage<T extends StreamEnd | StreamClose>(
  head: Pick<T, 'type' | 'streamId'>,
  codec: Codec,
  { failed, value }: Outcome,
): T {
  const message = { ...head, result: failed ? 'error' : 'success' } as T;
  if (value === undefined) return message;
  if (failed) {
    const { wire, coded } = encodeThrown(codec, value);
    return withCoded({ ...message, value: wire }, coded);
  }
  try {
    return withValue(message, codec, value);
  } catch (refusal) {
    return outcomeMessage(head, codec, { failed: true, value: refusal });
  }
}

function withValue<T extends { value?: unknown; coded?: Coded }>(message: T, codec: Codec, value: unknown): T {
  if (value === undefined) return message;
  const { wire, coded } = codec.encode(value, { root: 'value' });
  message.value = wire;
  return withCoded(message, coded);
}

function withCoded<T extends { coded?: Coded }>(message: T, coded: Coded | undefined): T {
  if (coded) message.coded = coded;
  return message;
}
