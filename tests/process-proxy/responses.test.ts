import { describe, expect, test } from 'vitest';
import type { ResponseShape } from '../../src/process-proxy/protocol.js';
import { decodeBytes, decodeList, parseResponse, type CommandResponse } from '../../src/process-proxy/responses.js';

/** Parses the bytes after a response's status, and checks that none is left. */
function parse(status: number, shape: ResponseShape, bytes: Buffer, limit = 0): CommandResponse {
  const parser = parseResponse(status, shape, limit);
  let at = 0;
  for (let step = parser.next(); ; step = parser.next(bytes.subarray(at - step.value, at))) {
    if (step.done) {
      expect(at).toBe(bytes.length);
      return step.value;
    }
    at += step.value;
    expect(at).toBeLessThanOrEqual(bytes.length);
  }
}

const number = (value: number): Buffer => Buffer.from(Int32Array.of(value).buffer);
const text = (value: string): Buffer => Buffer.concat([number(Buffer.byteLength(value)), Buffer.from(value)]);

describe('a response', () => {
  test.each<[ResponseShape, Buffer]>([
    ['nothing', Buffer.alloc(0)],
    ['number', number(-5)],
    ['text', text('/home/zwölf')],
    ['bytes', Buffer.concat([number(3), Buffer.from('abc')])],
    ['bytes', number(-1)],
    ['list', Buffer.concat([number(2), text('one'), text('')])],
    ['list', number(0)],
  ])('of the shape %j is all of its data', (shape, bytes) => {
    expect(parse(0, shape, bytes, 10)).toEqual({ data: bytes });
  });

  test('with another status than 0 is the reason of the failure', () => {
    expect(parse(-1, 'list', text('no such directory'))).toEqual({ failure: 'no such directory' });
    expect(parse(7, 'nothing', text(''))).toEqual({ failure: '' });
  });

  test.each<[string, number, ResponseShape, Buffer]>([
    ['more bytes than were requested', 0, 'bytes', number(11)],
    ['a text of 64 MiB', 0, 'text', number(64 * 1024 * 1024)],
    ['a list whose texts have 64 MiB together', 0, 'list', Buffer.concat([number(2), text('one'), number(67_108_855)])],
    ['a reason of 4097 bytes', -1, 'nothing', number(4097)],
  ])('that announces %s breaks the protocol', (_what, status, shape, bytes) => {
    expect(() => parse(status, shape, bytes, 10)).toThrow(
      expect.objectContaining({
        code: 'PROCXY_PROTOCOL',
        message: expect.stringMatching(
          /^The executable announced a response that is too long, got \d+ bytes/,
        ) as string,
      }),
    );
  });
});

test('a list is decoded into its texts', () => {
  expect(decodeList(Buffer.concat([number(3), text('é'), text(''), text('last')]))).toEqual(['é', '', 'last']);
  expect(decodeList(number(0))).toEqual([]);
});

test('bytes are decoded into a chunk, no input, or the end', () => {
  expect(decodeBytes(Buffer.concat([number(2), Buffer.from('hi')]))).toEqual(Buffer.from('hi'));
  expect(decodeBytes(number(0))).toHaveLength(0);
  expect(decodeBytes(number(-1))).toBe(null);
});
