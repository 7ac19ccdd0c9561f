import { describe, expect, test } from 'vitest';
import { TruncatedMessage } from '../../src/channel/decoder.js';
import { jsonLines, v8Frames } from '../../src/channel/dialect.js';
import { ProtocolError } from '../../src/errors.js';

const messages = [{ type: 'first', text: 'é🦊\n' }, [1, [2], null], 'text', { big: 'x'.repeat(300) }];

describe.each([
  ['lines of JSON', jsonLines],
  ["frames in V8's format", v8Frames],
])('%s', (_name, dialect) => {
  const bytes = Buffer.concat(messages.map((message) => Buffer.from(dialect.encode(message))));

  function read(chunks: readonly Uint8Array[], maxMessageBytes = 1e6): { arrived: unknown[]; errors: ProtocolError[] } {
    const arrived: unknown[] = [];
    const errors: ProtocolError[] = [];
    const decoder = dialect.createDecoder({
      maxMessageBytes,
      onMessage: (message) => arrived.push(message),
      onError: (error) => errors.push(error),
    });
    for (const chunk of chunks) decoder.push(Buffer.from(chunk));
    decoder.end();
    return { arrived, errors };
  }

  test('delivers every message, wherever the bytes are cut', () => {
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(read([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual({ arrived: messages, errors: [] });
    }
  });

  test('reports at the end that the last message is incomplete', () => {
    const { arrived, errors } = read([bytes.subarray(0, -1)]);
    expect(arrived).toEqual(messages.slice(0, -1));
    expect(errors).toHaveLength(1);
    expect(errors[0]).toBeInstanceOf(TruncatedMessage);
  });

  test('refuses a message over the limit, once, and reads no further', () => {
    const { arrived, errors } = read([bytes, bytes], 200);
    expect(arrived).toEqual(messages.slice(0, -1));
    expect(errors).toHaveLength(1);
    expect(errors[0]).toBeInstanceOf(ProtocolError);
    expect(errors[0]).not.toBeInstanceOf(TruncatedMessage);
  });

  test('throws for values that it cannot represent', () => {
    expect(() => dialect.encode({ fn: () => 1, big: 1n, symbol: Symbol('s') })).toThrow(Error);
  });
});

test('JSON is written as text, for any language', () => {
  expect(jsonLines.encode({ a: [1, 'x'] })).toBe('{"a":[1,"x"]}\n');
});

test("V8's format keeps what JSON cannot", () => {
  const value = new Map<unknown, unknown>([
    ['at', new Date(0)],
    ['n', 1n],
  ]);
  const arrived: unknown[] = [];
  v8Frames
    .createDecoder({ maxMessageBytes: 1000, onMessage: (message) => arrived.push(message), onError: () => {} })
    .push(Buffer.from(v8Frames.encode(value)));
  expect(arrived).toEqual([value]);
});
