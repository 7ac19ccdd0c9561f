import { expect, test } from 'vitest';
import { TruncatedMessage } from '../../src/channel/decoder.js';
import { FrameDecoder } from '../../src/channel/frame-decoder.js';
import { frame, type MessageFormat } from '../../src/channel/frames.js';
import type { ProtocolError } from '../../src/errors.js';

/** Messages as they are: what the decoder hands over, and from where. */
const raw: MessageFormat = {
  encode: (message) => Buffer.from(JSON.stringify(message)),
  decode(bytes) {
    if (bytes.length === 0) throw new Error('nothing');
    return bytes;
  },
  keepsMemory: false,
};

function start(maxMessageBytes = 1000): { decoder: FrameDecoder; arrived: Buffer[]; errors: ProtocolError[] } {
  const arrived: Buffer[] = [];
  const errors: ProtocolError[] = [];
  const decoder = new FrameDecoder({
    format: raw,
    maxMessageBytes,
    onMessage: (message) => arrived.push(message as Buffer),
    onError: (error) => errors.push(error),
  });
  return { decoder, arrived, errors };
}

const bytes = Buffer.concat(['one', 'two', 'x'.repeat(20)].map((text) => frame(Buffer.from(text))));

test('pieces of every length are assembled, even if they divide a header', () => {
  for (let size = 1; size <= bytes.length; size++) {
    const { decoder, arrived, errors } = start();
    for (let at = 0; at < bytes.length; at += size) decoder.push(bytes.subarray(at, at + size));
    decoder.end();
    expect(arrived.map(String), `pieces of ${size}`).toEqual(['one', 'two', 'x'.repeat(20)]);
    expect(errors).toEqual([]);
  }
});

test('a frame that arrives in one piece is read without a copy', () => {
  const { decoder, arrived } = start();
  decoder.push(bytes);
  expect(arrived.every((body) => body.buffer === bytes.buffer)).toBe(true);
});

test('a length over the limit is an error as soon as it is read', () => {
  const { decoder, arrived, errors } = start(10);
  decoder.push(bytes);
  expect(arrived.map(String)).toEqual(['one', 'two']);
  expect(errors).toMatchObject([{ name: 'ProtocolError', cause: { name: 'RangeError' } }]);
});

test('after an error nothing is read, and the end is not a second error', () => {
  const { decoder, arrived, errors } = start();
  decoder.push(Buffer.concat([frame(Buffer.alloc(0)), bytes]));
  decoder.push(bytes);
  decoder.end();
  expect(arrived).toEqual([]);
  expect(errors).toHaveLength(1);
});

test('an end within a message is reported with how much of the message arrived', () => {
  const { decoder, errors } = start();
  decoder.push(bytes.subarray(0, 5));
  decoder.end();
  expect(errors[0]).toBeInstanceOf(TruncatedMessage);
  expect(errors[0]?.message).toContain('5 bytes');
});

test('a claimed length alone takes little memory', () => {
  const { decoder, arrived } = start(2 ** 31);
  const before = process.memoryUsage().arrayBuffers;
  decoder.push(Buffer.from([255, 255, 255, 127]));
  decoder.push(Buffer.alloc(10));
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100_000_000);
  expect(arrived).toEqual([]);
});
