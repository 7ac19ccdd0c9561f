import { expect, test } from 'vitest';
import { ProtocolError } from '../../../src/errors.js';
import { LateAnswers } from '../../../src/session/calls/late-answers.js';

test('an answer to a call that was given up is dropped once', () => {
  const late = new LateAnswers();
  late.expect(3);
  late.expect(5);
  late.drop(5);
  late.drop(3);
  expect(() => late.drop(3)).toThrow(ProtocolError);
});

test('an answer to a call that was never made breaks the protocol', () => {
  expect(() => new LateAnswers().drop(7)).toThrow('A result arrived for the call 7, which is not open.');
});
