import { describe, expect, test } from 'vitest';
import { createCodec } from '../../../src/codec/create-codec.js';
import { ProtocolError, TerminatedError } from '../../../src/errors.js';
import type { Message } from '../../../src/protocol.js';
import type { SessionApi } from '../../../src/session/part.js';
import { iteratorProducer } from '../../../src/session/streams/producers.js';
import type { DataLink } from '../../../src/session/streams/stream-sender.js';
import { StreamTable } from '../../../src/session/streams/stream-table.js';
import { failure } from '../../support/streams.js';

/** A table, and the messages that it sends. */
function tableOf(data?: DataLink) {
  const sent: Message[] = [];
  const busy: boolean[] = [];
  const table = new StreamTable({ data: () => data, onBusy: (on) => busy.push(on) });
  const codec = createCodec({ mode: 'json', self: { current: undefined } });
  table.attach({
    codec,
    sendValue: (parcel) => {
      const message = parcel.build();
      if (message) sent.push(message);
    },
  } as SessionApi);
  const receive = (message: Message, way = 'channel'): void => {
    const handler = table.handlers[message.type] as ((message: Message, arrival: object) => void) | undefined;
    handler?.(message, { way });
  };
  return { table, sent, busy, receive };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('StreamTable', () => {
  test('forgets a source when its end and its close have crossed, in either order', async () => {
    for (const isClosedEarly of [false, true]) {
      const { table, sent, receive } = tableOf();
      table.openSource(1, 'items', iteratorProducer(['a'].values()));
      receive({ type: 'stream-pull', streamId: 1, credit: 100_000 });
      if (!isClosedEarly) await turn();
      receive({ type: 'stream-close', streamId: 1, result: 'success' });
      await turn();
      expect(table.size).toBe(0);
      expect(sent.at(-1)).toMatchObject({ type: 'stream-end', streamId: 1 });
    }
  });

  test('forgets a sink that closes itself at its end, and another when its owner closes it', () => {
    const { table, sent, receive } = tableOf();
    table.openSink(1, 'items', true);
    const owned = table.openSink(2, 'items', false);
    for (const streamId of [1, 2]) receive({ type: 'stream-end', streamId, result: 'success' });
    expect([table.has(1), table.has(2)]).toEqual([false, true]);
    owned.close({ failed: false, value: undefined });
    expect(table.size).toBe(0);
    expect(sent.map(({ type }) => type)).toEqual(['stream-close', 'stream-close']);
  });

  test('errors of violations say what arrived, and on which side', () => {
    const { table, receive } = tableOf();
    table.openSource(1, 'items', iteratorProducer([].values()));
    table.openSink(2, 'items', false);
    expect(() => receive({ type: 'stream-data', streamId: 1, items: [] })).toThrow(
      /stream 1, but this side sends them/,
    );
    expect(() => receive({ type: 'stream-pull', streamId: 2, credit: 1 })).toThrow(
      /stream 2 .* this side receives them/,
    );
    expect(() => receive({ type: 'stream-drop', streamId: 3 })).toThrow(/stream 3, which is not open/);
    receive({ type: 'stream-end', streamId: 2, result: 'success' });
    expect(() => receive({ type: 'stream-end', streamId: 2, result: 'success' })).toThrow(/stream 2 ended twice/);
    expect(() => receive({ type: 'stream-data', streamId: 2, items: [1] })).toThrow(ProtocolError);
  });

  test('a mark of a message that could not be written may come after the end of its stream', () => {
    const { table, receive } = tableOf({ sendBytes: () => {}, sendMessage: () => {} });
    table
      .openSink(1, 'chunks', true)
      .next()
      .catch(() => {});
    const mark: Message = { type: 'stream-data', streamId: 1, items: [] };
    receive({ type: 'stream-end', streamId: 1, result: 'error', value: 'unwritable' });
    receive(mark, 'data-socket');
    expect(table.size).toBe(0);
    receive(mark, 'data-socket');
    expect(() => receive({ ...mark, streamId: 3 }, 'data-socket')).toThrow(/stream 3, which is not open/);
  });

  test('ignores messages for the last thousand streams that this side did not accept', () => {
    const { table, receive } = tableOf();
    for (let id = 1; id <= 1001; id++) table.ignore(id);
    receive({ type: 'stream-data', streamId: 1001, items: [1] });
    expect(() => receive({ type: 'stream-data', streamId: 1, items: [1] })).toThrow(ProtocolError);
  });

  test('a dropped stream fails on this side, and sends nothing more', async () => {
    const { table, sent, receive } = tableOf();
    const next = failure(table.openSink(2, 'items', true).next());
    const before = sent.length;
    receive({ type: 'stream-drop', streamId: 2 });
    expect(await next).toMatchObject({ message: 'The other process did not accept the stream.' });
    expect([table.size, sent.length]).toEqual([0, before]);
  });

  test('at the end of the session, each stream fails with its own error, and later messages are ignored', async () => {
    const { table, receive } = tableOf();
    const waiting = [1, 2].map((id) => failure(table.openSink(id, 'items', true).next()));
    table.endAll(() => new TerminatedError('over'));
    const [first, second] = await Promise.all(waiting);
    expect(first).toBeInstanceOf(TerminatedError);
    expect(second).toBeInstanceOf(TerminatedError);
    expect(first).not.toBe(second);
    receive({ type: 'stream-data', streamId: 77, items: [1] });
  });

  test('a value that this process cannot read ends only its stream', async () => {
    const { table, sent, receive } = tableOf();
    const unreadable = { value: { __procxy_type: 'nonsense' }, coded: true } as const;
    const next = failure(table.openSink(1, 'items', true).next());
    receive({ type: 'stream-data', streamId: 1, items: [unreadable.value], coded: true });
    expect(await next).toMatchObject({ name: 'SerializationError' });
    table.openSource(2, 'items', iteratorProducer([1].values()));
    receive({ type: 'stream-step', streamId: 2, method: 'next', ...unreadable });
    await turn();
    expect(sent.at(-1)).toMatchObject({ type: 'stream-end', streamId: 2, result: 'error' });
  });

  test('is busy from the first wait to the last', () => {
    const { table, busy } = tableOf();
    const [one, two] = [table.waitingSwitch(), table.waitingSwitch()];
    one(true);
    one(true);
    two(true);
    one(false);
    expect(busy).toEqual([true]);
    two(false);
    two(false);
    expect(busy).toEqual([true, false]);
  });
});
