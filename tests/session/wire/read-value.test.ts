import { expect, test } from 'vitest';
import { createCodec } from '../../../src/codec/create-codec.js';
import { ProtocolError } from '../../../src/errors.js';
import { readValueOrRefusal } from '../../../src/session/wire/read-value.js';

const codec = createCodec({ mode: 'json', self: { current: undefined } });

test('a value is decoded, but left as it is if the message has no descriptors', () => {
  const descriptor = { __procxy_type: 'undefined' };
  expect(readValueOrRefusal(codec, [1, descriptor], true)).toEqual([1, undefined]);
  expect(readValueOrRefusal(codec, [1, descriptor], undefined)).toEqual([1, descriptor]);
});

test('a value of a class that this process has not registered is replaced by the error that says so', () => {
  const value = readValueOrRefusal(codec, { __procxy_type: 'money', value: 5 }, true);
  expect(value).toMatchObject({ name: 'SerializationError', path: 'money' });
});

test('a malformed value is a violation', () => {
  expect(() => readValueOrRefusal(codec, { __procxy_type: 'escaped' }, true)).toThrow(ProtocolError);
});
