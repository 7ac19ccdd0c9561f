import { serialize } from 'node:v8';
import * as fc from 'fast-check';
import type { SerializationMode } from '../../src/types/serializable.js';

/** What is done to the bytes of valid messages, each of which is a line or a frame. Places are parts of a length. */

export interface Damage {
  kind: 'flip' | 'write' | 'insert' | 'remove' | 'repeat' | 'swap' | 'cut' | 'length' | 'special' | 'random';
  /** Which message. */
  message: number;
  /** Where in it, and how far. */
  from: number;
  to: number;
  bytes: Uint8Array;
  number: number;
  /** The frame fits its body again, or the line ends: it is the body that the decoder has to refuse. */
  isFramed: boolean;
}

const HEADER = 4;
const NEWLINE = Buffer.from('\n');

/** Bytes with which the formats, or numbers, end or begin. */
const tellingByte = fc.constantFrom(0, 1, 0x0a, 0x22, 0x5b, 0x5c, 0x61, 0x7b, 0x7d, 0x7f, 0x80, 0xc3, 0xed, 0xfe, 0xff);
const byte = fc.oneof(tellingByte, fc.nat(255));
const place = fc.double({ min: 0, max: 1, noNaN: true });

/** What is one number for those who write a length, and what is a larger one for those who count in 32 or 53 bits. */
const lengths = [0, 1, 3, 4, 255, 65_536, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 53];

export const damage: fc.Arbitrary<Damage> = fc.record({
  kind: fc.constantFrom<Damage['kind']>(
    'flip',
    'flip',
    'write',
    'insert',
    'remove',
    'repeat',
    'swap',
    'cut',
    'length',
    'special',
    'random',
  ),
  message: place,
  from: place,
  to: place,
  bytes: fc.array(byte, { minLength: 1, maxLength: 40 }).map((list) => Uint8Array.from(list)),
  number: fc.nat(1000),
  isFramed: fc.boolean(),
});

/** Changes one of the messages. */
export function applyDamage(mode: SerializationMode, messages: Buffer[], what: Damage): void {
  const index = Math.min(Math.floor(what.message * messages.length), messages.length - 1);
  const whole = messages[index];
  if (!whole) return;
  const body = mode === 'json' ? whole.subarray(0, -1) : whole.subarray(HEADER);
  if (what.kind === 'length') messages[index] = withLength(mode, body, what);
  else if (what.kind === 'special') messages[index] = framed(mode, pick(specials[mode], what.number));
  else if (what.isFramed) messages[index] = framed(mode, changed(body, what));
  else messages[index] = changed(whole, what);
}

export function framed(mode: SerializationMode, body: Buffer): Buffer {
  if (mode === 'json') return Buffer.concat([body, NEWLINE]);
  const header = Buffer.alloc(HEADER);
  header.writeUInt32LE(body.length);
  return Buffer.concat([header, body]);
}

export function changed(bytes: Buffer, { kind, from, to, bytes: other, number }: Damage): Buffer {
  const places = [from, to].map((part) => Math.floor(part * bytes.length)).toSorted((one, another) => one - another);
  const [start = 0, end = 0] = places;
  const before = bytes.subarray(0, start);
  const after = bytes.subarray(end);
  switch (kind) {
    case 'flip': {
      const copy = Buffer.from(bytes);
      if (start < copy.length) copy[start] = (copy[start] ?? 0) ^ (1 << (number % 8));
      return copy;
    }
    case 'write':
      return Buffer.concat([before, other, bytes.subarray(start + other.length)]);
    case 'insert':
      return Buffer.concat([before, other, bytes.subarray(start)]);
    case 'remove':
      return Buffer.concat([before, after]);
    case 'repeat':
      return Buffer.concat([bytes.subarray(0, end), bytes.subarray(start)]);
    case 'swap':
      return Buffer.concat([after, before]);
    case 'cut':
      return Buffer.from(before);
    default:
      return Buffer.from(other);
  }
}

/** A frame that is longer or shorter than it says; a line that ends too early, twice, or not at all. */
function withLength(mode: SerializationMode, body: Buffer, { from, number }: Damage): Buffer {
  if (mode === 'json') {
    const at = Math.floor(from * body.length);
    const ends = [[body], [body, NEWLINE, NEWLINE], [body.subarray(0, at), NEWLINE, body.subarray(at), NEWLINE]];
    return Buffer.concat(pick(ends, number));
  }
  const length = pick([...lengths, body.length - 1, body.length + 1], number);
  const header = Buffer.alloc(HEADER);
  header.writeUInt32LE(length >>> 0);
  return Buffer.concat([header, body]);
}

function pick<T>(list: readonly T[], number: number): T {
  return list[number % list.length] as T;
}

const text = (...lines: string[]): Buffer[] => lines.map((line) => Buffer.from(line));
const emit = (args: string): string => `{"type":"event-emit","event":"heard","args":${args}}`;
const DEPTH = 100_000;

const jsonBodies = [
  ...text(
    emit('['.repeat(DEPTH) + ']'.repeat(DEPTH)),
    '['.repeat(DEPTH),
    '{"a":'.repeat(DEPTH),
    emit(`[${'{"a":'.repeat(DEPTH)}1${'}'.repeat(DEPTH)}]`),
    emit('["\\ud800", "\\udfff\\ud800"]'),
    emit('[1e999, -1e999, -0, 123456789012345678901234567890]'),
    emit('[{"__proto__": {"polluted": true}, "constructor": {"prototype": {"polluted": true}}}]'),
    '{"__proto__":{"type":"event-emit","event":"heard","args":[]}}',
    '{"type":"property-update","set":[["__proto__",{"polluted":true}],["toString",1]]}',
    '{"type":"call-result","type":"event-emit","event":"heard","args":[]}',
    '{"type":"event-emit","event":"heard","args":{"length":4294967295}}',
    '{"type":"batch","rows":[0,{"type":"batch","rows":[]}]}',
    '{"cmd":"NODE_HANDLE","type":"net.Socket","msg":{}}',
    '{"cmd":"NODE_HANDLE_ACK"}',
    `"${'x'.repeat(100_000)}"`,
    'null',
    '',
    '\ufeff{}',
    '{}\r',
    ' '.repeat(10_000),
  ),
  Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]),
  Buffer.from([0x22, 0xc0, 0x80, 0x22]),
  Buffer.from([0x22, 0xf4, 0x90, 0x80, 0x80, 0x22]),
  Buffer.alloc(1000),
];

/** What `v8.serialize` writes first: the version of its format. */
const V8 = [0xff, 0x0f];
const v8 = (...bytes: number[]): Buffer => Buffer.from([...V8, ...bytes]);
/** A number as V8's format has it, seven bits a byte. */
const MOST = [0xff, 0xff, 0xff, 0xff, 0x0f];

const v8Bodies = [
  ...[{ polluted: 1 }, [[]], null, 0, 'text', new Map([[1, 2]])].map((value) => serialize(value)),
  serialize(JSON.parse('{"type":"event-emit","event":"heard","args":[{"__proto__":{"polluted":true}}]}')),
  serialize({ type: 'event-emit', event: 'heard', args: ['\ud800'] }),
  Buffer.from([...V8, ...Array.from({ length: DEPTH }, () => [0x41, 1]).flat()]),
  Buffer.from([...V8, ...Array.from({ length: DEPTH }, () => [0x6f, 0x22, 1, 0x61]).flat()]),
  // Claims of four thousand million: an array, a string in one, two and UTF-8 bytes each, an ArrayBuffer, a BigInt, a typed array.
  v8(0x41, ...MOST, 0x49, 2),
  v8(0x22, ...MOST, 0x61),
  v8(0x63, ...MOST, 0x61),
  v8(0x53, ...MOST, 0x61),
  v8(0x42, ...MOST, 0x61),
  v8(0x5a, ...MOST, 0x61),
  v8(0x5c, 1, ...MOST, 0x61),
  // An array with holes, all of them; one that may grow so far; ends of a map and a set that never were.
  v8(0x61, ...MOST, 0x40, 0, ...MOST),
  v8(0x7e, 1, ...MOST, 0x61),
  v8(0x3b, 0x49, 2, 0x49, 4, 0x3a, ...MOST),
  v8(0x27, 0x49, 2, 0x2c, ...MOST),
  // What belongs to another object, is shared, WebAssembly, a host's, or unknown.
  v8(0x5e, 0),
  v8(0x5e, ...MOST),
  v8(0x75, 0),
  v8(0x74, 0),
  v8(0x57, 0x79, 0),
  v8(0x77, 0),
  v8(0x70, 0),
  v8(0x5c, 99, 4, 1, 2, 3, 4),
  v8(0x52, 0x22, 1, 0x28, 0),
  v8(0x52, 0x22, 1, 0x61, 0xff, 0x7f),
  v8(0x44, 0, 0, 0, 0, 0, 0, 0xf8, 0xff),
  v8(),
  Buffer.from([0xff, 0x7f, 0x30]),
  Buffer.from([0x30]),
  Buffer.alloc(0),
  Buffer.alloc(1000),
];

/** Bodies of messages that no damage would come upon. */
export const specials: Record<SerializationMode, readonly Buffer[]> = { json: jsonBodies, advanced: v8Bodies };
