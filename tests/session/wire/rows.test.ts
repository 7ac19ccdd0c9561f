import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ProtocolError } from '../../../src/errors.js';
import type { Message } from '../../../src/protocol.js';
import { isLoneRow, loneRowOf, readLoneRow, readRows, rowsOf } from '../../../src/session/wire/rows.js';

const id = fc.integer({ min: 1, max: 2 ** 31 });
const value = fc.jsonValue();
const args = fc.array(value, { maxLength: 3 });
const trace = fc.record({ traceparent: fc.string() });

/** Messages with compact rows, similar messages that must not lose a field, and other messages. */
const anyMessage: fc.Arbitrary<Message> = fc.oneof(
  fc.record({ type: fc.constant('call-invoke' as const), callId: id, method: fc.string(), args }),
  fc.record({
    type: fc.constant('call-invoke' as const),
    callId: id,
    method: fc.string(),
    args,
    target: fc.constant('agent' as const),
  }),
  fc.record({
    type: fc.constant('call-invoke' as const),
    callId: id,
    method: fc.string(),
    args,
    coded: fc.constant(true as const),
  }),
  fc.record({ type: fc.constant('call-invoke' as const), callId: id, method: fc.string(), args, trace }),
  fc.record({ type: fc.constant('call-result' as const), callId: id, result: fc.constant('success' as const), value }),
  fc.record({ type: fc.constant('call-result' as const), callId: id, result: fc.constant('success' as const) }),
  fc.record({
    type: fc.constant('call-result' as const),
    callId: id,
    result: fc.constant('error' as const),
    error: value,
  }),
  fc.record({
    type: fc.constant('callback-invoke' as const),
    invokeId: id,
    callbackId: fc.constantFrom('a', 'b'),
    args,
  }),
  fc.record({
    type: fc.constant('callback-invoke' as const),
    invokeId: id,
    callbackId: fc.constantFrom('a', 'b'),
    args,
    trace,
  }),
  fc.record({
    type: fc.constant('callback-result' as const),
    invokeId: id,
    result: fc.constant('success' as const),
    value,
  }),
  fc.record({ type: fc.constant('callback-result' as const), invokeId: id, result: fc.constant('success' as const) }),
  fc.record({
    type: fc.constant('callback-result' as const),
    invokeId: id,
    result: fc.constant('success' as const),
    value,
    coded: fc.constant<string[]>(['x']),
  }),
  fc.record({ type: fc.constant('stream-pull' as const), streamId: id, credit: id }),
);

function read(rows: unknown[]): unknown[] {
  const messages: unknown[] = [];
  readRows(rows, { message: (message) => messages.push(message), row: (message) => messages.push(message) });
  return messages;
}

describe('A row that travels alone', () => {
  test('is a call or an answer, and arrives unchanged', () => {
    fc.assert(
      fc.property(anyMessage, (message) => {
        const row = loneRowOf(message);
        const isCall = /^call(back)?-(invoke|result)$/.test(message.type);
        if (!isCall) expect(row).toBeUndefined();
        if (!row) return;
        const arrived = JSON.parse(JSON.stringify(row)) as object;
        const messages: unknown[] = [];
        expect(isLoneRow(arrived)).toBe(true);
        readLoneRow(arrived as typeof row, { message: () => {}, row: (each) => messages.push(each) });
        expect(messages).toEqual([JSON.parse(JSON.stringify(message))]);
      }),
    );
  });

  test('is an array with a mark', () => {
    expect(loneRowOf({ type: 'call-invoke', callId: 7, method: 'add', args: [1, 2] })).toEqual([
      'procxy',
      1,
      7,
      'add',
      [1, 2],
    ]);
  });

  test.each([[[]], [[1, 7, 'add', []]], [['procxy2', 1]], [{ 0: 'procxy' }]])('%j is something else', (message) => {
    expect(isLoneRow(message)).toBe(false);
  });
});

describe('Rows of a batch', () => {
  test('every message arrives unchanged and in order, also through JSON', () => {
    fc.assert(
      fc.property(fc.array(anyMessage), (messages) => {
        const rows = rowsOf(messages);
        const expected = JSON.parse(JSON.stringify(messages)) as unknown[];
        expect(read(JSON.parse(JSON.stringify(rows)) as unknown[])).toEqual(expected);
      }),
    );
  });

  test('common messages need no object', () => {
    const rows = rowsOf([
      { type: 'call-invoke', callId: 7, method: 'add', args: [1, 2] },
      { type: 'call-result', callId: 7, result: 'success', value: 3 },
    ]);
    expect(rows).toEqual([1, 7, 'add', [1, 2], 2, 7, 3]);
  });

  test('a function that is invoked repeatedly is named once', () => {
    const invoke = (invokeId: number, callbackId: string): Message => ({
      type: 'callback-invoke',
      invokeId,
      callbackId,
      args: [],
    });
    const messages: Message[] = [invoke(1, 'a'), invoke(2, 'a'), { type: 'heartbeat' }, invoke(3, 'a'), invoke(4, 'b')];
    const rows = rowsOf(messages);
    expect(rows).toEqual([4, 1, 'a', [], 7, 2, [], 0, { type: 'heartbeat' }, 7, 3, [], 4, 4, 'b', []]);
    expect(read(rows)).toEqual(messages);
  });

  test.each([
    ['an unknown kind', [9, 1]],
    ['a kind that is no number', ['1', 1, 'add', []]],
    ['no id', [2]],
    ['an id that is none', [2, 0, 1]],
    ['no name', [1, 1]],
    ['a name that is none', [4, 1, 5, []]],
    ['a function invoked again before it was invoked', [7, 1, []]],
    ['arguments that are none', [1, 1, 'add', { length: 1 }]],
  ])('%s is a violation', (_name, rows) => {
    expect(() => read(rows)).toThrow(ProtocolError);
  });

  test('rows before a malformed row are read', () => {
    const ids: unknown[] = [];
    const row = (message: { callId?: number }): void => void ids.push(message.callId);
    expect(() => readRows([3, 1, 3, 2, 3, -1], { message: () => {}, row: row as never })).toThrow(ProtocolError);
    expect(ids).toEqual([1, 2]);
  });
});
