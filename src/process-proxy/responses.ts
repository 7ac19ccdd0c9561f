import { ProtocolError } from '../errors.js';
import type { Parser } from './byte-parser.js';
import type { ResponseShape } from './protocol.js';

/** What the executable sends in answer to a command: the data, or why it could not. */
export type Outcome = { data: Buffer } | { failure: string };

/** The most that a response may hold: no system allows so many arguments and variables. */
const MOST = 64 * 1024 * 1024;
const MOST_FAILURE = 4096;

/**
 * What follows the status of a response.
 * @param most of bytes, where they are what was asked for
 */
export function* parseResponse(status: number, shape: ResponseShape, most: number): Parser<Outcome> {
  if (status === 0) return { data: yield* parseData(shape, most) };
  const length = (yield 4).readUInt32LE();
  if (length > MOST_FAILURE) throw new ProtocolError(tooLong(length));
  return { failure: (yield length).toString() };
}

function* parseData(shape: ResponseShape, most: number): Parser<Buffer> {
  switch (shape) {
    case 'nothing':
      return Buffer.alloc(0);
    case 'number':
      return yield 4;
    case 'text':
      return Buffer.concat(yield* parseText(MOST));
    case 'bytes': {
      const head = yield 4;
      const length = head.readInt32LE();
      if (length > most) throw new ProtocolError(tooLong(length));
      return length > 0 ? Buffer.concat([head, yield length]) : head;
    }
    case 'list': {
      const parts = [yield 4];
      let left = MOST;
      for (let count = parts[0]?.readUInt32LE() ?? 0; count > 0; count--) {
        const text = yield* parseText(left);
        parts.push(...text);
        left -= 4 + (text[1]?.length ?? 0);
      }
      return Buffer.concat(parts);
    }
  }
}

/** The length, then so many bytes. */
function* parseText(most: number): Parser<[Buffer, Buffer]> {
  const head = yield 4;
  const length = head.readUInt32LE();
  if (length + 4 > most) throw new ProtocolError(tooLong(length));
  // A copy: the buffer that it came in may be much larger.
  return [head, Buffer.from(yield length)];
}

function tooLong(length: number): string {
  return `The executable announced a response of ${length} bytes, which is more than there can be. The connection was closed.`;
}

/** The texts of a 'list'. */
export function decodeList(data: Buffer): string[] {
  const texts: string[] = [];
  for (let at = 4; at < data.length;) {
    const end = at + 4 + data.readUInt32LE(at);
    texts.push(data.toString('utf8', at + 4, end));
    at = end;
  }
  return texts;
}

/** The bytes of a 'bytes'; `null` at the end of stdin. */
export function decodeBytes(data: Buffer): Buffer | null {
  return data.readInt32LE() < 0 ? null : data.subarray(4);
}
