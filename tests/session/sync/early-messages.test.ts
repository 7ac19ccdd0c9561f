import { expect, test } from 'vitest';
import type { Message } from '../../../src/protocol.js';
import { earlyFormat } from '../../../src/session/sync/early-messages.js';

const message = (args: unknown[]): Message => ({ type: 'call-invoke', callId: 1, method: 'work', args });

test('in JSON mode a message is its own copy', () => {
  const { copy, restore } = earlyFormat('json');
  const sent = message([1]);
  expect(restore(copy(sent))).toBe(sent);
});

test('in advanced mode a copy does not change when the values in the message do', () => {
  const { copy, restore } = earlyFormat('advanced');
  const values = { list: [1], bytes: new Uint8Array([1]) };
  const copied = copy(message([values]));
  values.list.push(2);
  values.bytes[0] = 9;
  expect(restore(copied)).toEqual(message([{ list: [1], bytes: new Uint8Array([1]) }]));
});

test('in advanced mode a message that cannot be written has no copy', () => {
  expect(() => earlyFormat('advanced').copy(message([() => {}]))).toThrow(/could not be cloned/);
});
