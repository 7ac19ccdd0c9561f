import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { SendBuffer } from '../src/send-buffer.js';

/** Reads everything that is left from `offset` on. */
function readAll(buffer: SendBuffer, offset: number, limit = 7): Buffer {
  const parts: Buffer[] = [];
  for (let at = offset; at < buffer.end; at += parts.at(-1)?.length ?? 0) parts.push(buffer.read(at, limit));
  return Buffer.concat(parts);
}

test('bytes can be read from any offset that is not released', () => {
  const chunks = fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 10 });
  const place = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(chunks, place, place, (appended, released, read) => {
      const buffer = new SendBuffer();
      for (const chunk of appended) buffer.append(Buffer.from(chunk));
      const bytes = Buffer.concat(appended);
      const start = Math.floor(released * bytes.length);
      buffer.release(start);
      const offset = start + Math.floor(read * (bytes.length - start));
      expect({ start: buffer.start, end: buffer.end }).toEqual({ start, end: bytes.length });
      expect(readAll(buffer, offset)).toEqual(bytes.subarray(offset));
      const target = Buffer.alloc(bytes.length);
      const copied = buffer.copy(offset, target);
      expect(target.subarray(0, copied)).toEqual(bytes.subarray(offset));
    }),
  );
});

test('a second release of the same bytes changes nothing', () => {
  const buffer = new SendBuffer();
  buffer.append(Buffer.from('one'));
  buffer.append(Buffer.from('two'));
  for (const offset of [4, 4, 2]) buffer.release(offset);
  expect(buffer.start).toBe(4);
  expect(readAll(buffer, 4).toString()).toBe('wo');
});

test('at its end there is nothing to read', () => {
  const buffer = new SendBuffer();
  buffer.append(Buffer.from('one'));
  expect(buffer.read(3, 10)).toHaveLength(0);
});

test('many small chunks are released a few at a time, and a copy is as long as its target', () => {
  const buffer = new SendBuffer();
  for (let n = 0; n < 5000; n++) buffer.append(Buffer.from([n % 251, n % 7]));
  for (let offset = 0; offset < 9999; offset += 3) {
    buffer.release(offset);
    const target = Buffer.alloc(5);
    const copied = buffer.copy(offset, target);
    expect(copied).toBe(Math.min(5, 10_000 - offset));
    const wanted = Array.from({ length: copied }, (_none, n) => ((offset + n) >> 1) % ((offset + n) % 2 ? 7 : 251));
    expect([...target.subarray(0, copied)]).toEqual(wanted);
  }
});
