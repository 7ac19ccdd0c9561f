import { ProtocolError } from '../errors.js';
import type { Parser } from './byte-parser.js';
import type { ResponseShape } from './protocol.js';

/** The executable's response to a command: the data, or why the command failed. */
export type CommandResponse = { data: Buffer } | { failure: string };

/** The longest response, in bytes. No system allows more arguments or variables than fit into it. */
const MAX_RESPONSE = 64 * 1024 * 1024;
/** The longest text of a failure, in bytes. */
const MAX_FAILURE = 4096;

/**
 * Parses the part of a response that follows its status.
 * @param limit for the shape 'bytes', how many bytes the command asked for
 */
export function* parseResponse(status: number, shape: ResponseShape, limit: number): Parser<CommandResponse> {
  if (status === 0) return { data: yield* parseData(shape, limit) };
  const length = (yield 4).readUInt32LE();
  if (length > MAX_FAILURE) throw new ProtocolError(tooLong(length));
  return { failure: (yield length).toString() };
}

function* parseData(shape: ResponseShape, limit: number): Parser<Buffer> {
  switch (shape) {
    case 'nothing':
      return Buffer.alloc(0);
    case 'number':
      return yield 4;
    case 'text':
      return Buffer.concat(yield* parseText(MAX_RESPONSE));
    case 'bytes': {
      const head = yield 4;
      const length = head.readInt32LE();
      if (length > limit) throw new ProtocolError(tooLong(length));
      return length > 0 ? Buffer.concat([head, yield length]) : head;
    }
    case 'list': {
      const parts = [yield 4];
      let left = MAX_RESPONSE;
      for (let count = parts[0]?.readUInt32LE() ?? 0; count > 0; count--) {
        const text = yield* parseText(left);
        parts.push(...text);
        left -= 4 + (text[1]?.length ?? 0);
      }
      return Buffer.concat(parts);
    }
  }
}

/** Parses a length and then as many bytes. */
function* parseText(limit: number): Parser<[Buffer, Buffer]> {
  const head = yield 4;
  const length = head.readUInt32LE();
  if (length + 4 > limit) throw new ProtocolError(tooLong(length));
  // A copy, because the buffer that it arrived in may be much larger.
  return [head, Buffer.from(yield length)];
}

function tooLong(length: number): string {
  return `The executable announced a response that is too long, got ${length} bytes. The connection was closed.`;
}

/** Decodes the data of the shape 'list'. */
export function decodeList(data: Buffer): string[] {
  const texts: string[] = [];
  for (let at = 4; at < data.length;) {
    const end = at + 4 + data.readUInt32LE(at);
    texts.push(data.toString('utf8', at + 4, end));
    at = end;
  }
  return texts;
}

/** Decodes the data of the shape 'bytes'. Returns `null` at the end of stdin. */
export function decodeBytes(data: Buffer): Buffer | null {
  return data.readInt32LE() < 0 ? null : data.subarray(4);
}
