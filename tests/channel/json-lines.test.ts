import * as fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { encodeLine, JsonLineDecoder } from '../../src/channel/json-lines.js';
import type { ProtocolError } from '../../src/errors.js';

interface Read {
  messages: unknown[];
  errors: ProtocolError[];
}

function read(chunks: readonly Uint8Array[], { maxMessageBytes = 1e9, end = false } = {}): Read {
  const messages: unknown[] = [];
  const errors: ProtocolError[] = [];
  const decoder = new JsonLineDecoder({
    maxMessageBytes,
    onMessage: (message) => messages.push(message),
    onError: (error) => errors.push(error),
  });
  for (const chunk of chunks) decoder.push(Buffer.from(chunk));
  if (end) decoder.end();
  return { messages, errors };
}

/** At these places, each taken as a part of the length. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const offsets = places.map((place) => Math.floor(place * bytes.length)).toSorted((a, b) => a - b);
  return [0, ...offsets].map((offset, index) => bytes.subarray(offset, offsets[index]));
}

const text = (...lines: string[]): Buffer => Buffer.from(lines.map((line) => `${line}\n`).join(''));
const messages = fc.array(fc.jsonValue({ stringUnit: 'binary' }), { maxLength: 6 });
const place = fc.double({ min: 0, max: 1, noNaN: true });
const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('lines', () => {
  test('a message is one line of JSON, even if its text has line breaks', () => {
    expect(encodeLine({ text: 'a\nb\r\u2028é🦊' }).toString()).toBe('{"text":"a\\nb\\r\u2028é🦊"}\n');
    expect(encodeLine(null).toString()).toBe('null\n');
  });

  test.each([
    ['undefined', undefined],
    ['a function', () => {}],
    ['a symbol', Symbol('s')],
    ['what toJSON makes undefined', { toJSON: () => undefined }],
    ['a BigInt', 1n],
  ])('%s is refused', (_what, value) => {
    expect(() => encodeLine(value)).toThrow(TypeError);
  });

  test('messages arrive whole and in order, wherever their bytes are cut', () => {
    fc.assert(
      fc.property(messages, fc.array(place, { maxLength: 8 }), (sent, places) => {
        const bytes = Buffer.concat(sent.map((message) => encodeLine(message)));
        expect(read(cut(bytes, places), { end: true })).toEqual({ messages: sent.map(asJson), errors: [] });
      }),
      { numRuns: 300 },
    );
  });

  test('messages arrive byte by byte, even if characters are divided', () => {
    const sent = ['é🦊\u{10ffff}', { ключ: ['日本', null] }, 0];
    const bytes = Buffer.concat(sent.map((message) => encodeLine(message)));
    const chunks = [...bytes].map((byte) => Uint8Array.of(byte));
    expect(read(chunks, { end: true })).toEqual({ messages: sent, errors: [] });
  });

  test('a message that is cut off at any byte is an error, and is never taken for a message', () => {
    fc.assert(
      fc.property(messages, place, (sent, end) => {
        const lines = sent.map((message) => encodeLine(message));
        const bytes = Buffer.concat(lines);
        const offset = Math.floor(end * bytes.length);
        let whole = 0;
        for (let length = 0; whole < lines.length; whole++) {
          length += lines[whole]?.length ?? 0;
          if (length > offset) break;
        }
        const { messages: found, errors } = read([bytes.subarray(0, offset)], { end: true });
        expect(found).toEqual(sent.slice(0, whole).map(asJson));
        const isWhole = Buffer.concat(lines.slice(0, whole)).length === offset;
        expect(errors.map(({ code }) => code)).toEqual(isWhole ? [] : ['PROCXY_PROTOCOL']);
      }),
      { numRuns: 300 },
    );
  });

  test('a message of 10 MB in pieces of 64 KB is assembled, and its bytes are moved only a few times', () => {
    const piece = Buffer.alloc(65_536, 'x');
    const chunks = [Buffer.from('"'), ...Array.from({ length: 160 }, () => piece), Buffer.from('"\n')];
    const allocate = vi.spyOn(Buffer, 'allocUnsafeSlow');
    const { messages: found } = read(chunks);
    const sizes = allocate.mock.calls.map(([size]) => size);
    allocate.mockRestore();
    expect((found[0] as string).length).toBe(160 * 65_536);
    // Each time there is room for twice as much: all together is less than four times what came.
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(4 * 160 * 65_536);
  });
});

describe('padding is skipped', () => {
  test.each<[string, Buffer]>([
    ['an empty line', text('', '1', '', '', '2', '')],
    ['a line of spaces, tabs and carriage returns', text(' ', '1', ' \t\r', '2')],
    ['the line ends of Windows', Buffer.from('1\r\n\r\n2\r\n')],
    ['a byte order mark before the first message', text('\ufeff1', '2')],
    ['a byte order mark before each message', text('\ufeff1', '\ufeff2', '\ufeff')],
    ['spaces after the last message', Buffer.from('1\n2\n \r')],
    ['a byte order mark after the last message', Buffer.from('1\n2\n\ufeff')],
  ])('%s', (_what, bytes) => {
    const expected = { messages: [1, 2], errors: [] };
    expect(read([bytes], { end: true })).toEqual(expected);
    expect(
      read(
        [...bytes].map((byte) => Uint8Array.of(byte)),
        { end: true },
      ),
    ).toEqual(expected);
  });

  test('a message that is a string with a byte order mark keeps the mark', () => {
    expect(read([text('"\ufeff"')]).messages).toEqual(['\ufeff']);
  });
});

describe('bytes that are not a message', () => {
  test.each<[string, Buffer, RegExp]>([
    ['junk', text('junk'), /^A line is not JSON: 'junk'\.$/],
    ['two values', text('1 2'), /^A line is not JSON: '1 2'/],
    ['a byte order mark within a line', text('[\ufeff1]'), /^A line is not JSON/],
    ['a second byte order mark', text('\ufeff\ufeff1'), /^A line is not JSON/],
    ['a no-break space', text('\u00a0'), /^A line is not JSON/],
    ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0x22, 0x0a]), /^A line is not UTF-8/],
    ['half of a character', Buffer.from([0x22, 0xc3, 0x22, 0x0a]), /^A line is not UTF-8/],
    ['half of a surrogate pair', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22, 0x0a]), /^A line is not UTF-8/],
    [
      'junk without an end',
      Buffer.from('{"a":'),
      /^The channel closed in the middle of a message, after 5 bytes of it: '\{"a":'/,
    ],
  ])('%s causes one error after the messages before it, and nothing follows', (_what, bytes, message) => {
    const { messages: found, errors } = read([Buffer.concat([text('1', '2'), bytes])], { end: true });
    expect(found).toEqual([1, 2]);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({ name: 'ProtocolError', message: expect.stringMatching(message) as string });
  });

  test('nothing is read after the error, in the same chunk or a later one', () => {
    const { messages: found, errors } = read([text('1', 'junk', '2'), text('3'), Buffer.from('4')], { end: true });
    expect(found).toEqual([1]);
    expect(errors).toHaveLength(1);
  });

  test('a line of exactly the limit is read, and one more byte is an error as soon as it arrives', () => {
    for (const chunks of [
      [text('"12345678"')],
      [Buffer.from('"1234'), text('5678"')],
      [text('1', '"12345678"', '2')],
    ]) {
      expect(read(chunks, { maxMessageBytes: 10 }).errors).toEqual([]);
      const { errors, messages: found } = read(chunks, { maxMessageBytes: 9 });
      expect(errors.map(({ message }) => message)).toEqual(['A message exceeds the limit of 9 bytes.']);
      expect(found).not.toContain('12345678');
    }
    const { errors } = read([Buffer.alloc(6, ' '), Buffer.alloc(4, ' ')], { maxMessageBytes: 9 });
    expect(errors).toHaveLength(1);
  });

  test('arbitrary bytes become messages or one error', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 }), (chunks) => {
        expect(read(chunks, { end: true, maxMessageBytes: 64 }).errors.length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 500 },
    );
  });
});
