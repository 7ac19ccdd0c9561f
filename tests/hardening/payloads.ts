import { serialize } from 'node:v8';
import * as fc from 'fast-check';
import type { Decoder } from '../../src/channel/decoder.js';
import { jsonLines, v8Frames } from '../../src/channel/dialect.js';
import { MAX_MESSAGE } from '../../src/channel/frames.js';
import { MAX_CLAIMED } from '../../src/channel/v8-claims.js';
import { ProtocolError } from '../../src/errors.js';
import type { SerializationMode } from '../../src/types/serializable.js';
import { changed, damage, framed, specials } from './damage.js';
import { fingerprint, memoryInUse } from './escapes.js';

/**
 * Bytes that one payload, of some KB, may take: what has been read, and what the objects are larger than their bytes; with V8 the
 * places of arrays with holes, too.
 */
const MEMORY = { json: 64_000_000, advanced: 64_000_000 + 8 * MAX_CLAIMED };

const cyclic: Record<string, unknown> = { name: 'cyclic' };
cyclic['self'] = [cyclic];
const holes: unknown[] = [1, , 3, , 5]; // oxlint-disable-line no-sparse-arrays
holes[40] = { '-1': 0 };

/** What V8's format has a way of its own for. */
const values: unknown[] = [
  { type: 'event-emit', event: 'heard', args: [1, 'two', [3]] },
  holes,
  Object.assign([1, 2], { named: true }),
  new Map<unknown, unknown>([
    ['a', new Set([1n, -5n])],
    [{}, new Map()],
  ]),
  [new Date(5), /a(b)c/giu, 2n ** 70n, -0, 1.5, Number.NaN, undefined, null, true],
  [Object(1), Object('text'), Object(false), Object(3n)],
  ['é', '日本🦊', 'x'.repeat(200)],
  [new Uint8Array([1, 2, 3]), new Float64Array([1, 2]), Buffer.from('buffer'), new DataView(new ArrayBuffer(8), 2)],
  [new ArrayBuffer(16), new BigInt64Array(2)],
  [new TypeError('an error', { cause: new RangeError('its cause') })],
  cyclic,
  { deep: { deeper: { deepest: [[[[[]]]]] } } },
];

const seeds: Record<SerializationMode, readonly Buffer[]> = {
  advanced: [...values.map((value) => serialize(value)), ...specials.advanced],
  json: [
    ...['{"type":"x","list":[1,-2.5e3,true,null,"\\u00e9\\ud83e\\udd8a"]}', '"text"', '[[[[]]]]', '{"a":{"b":{}}}'].map(
      (text) => Buffer.from(text),
    ),
    ...specials.json.filter(({ length }) => length < 2000),
  ],
};

export interface PayloadReport {
  payloads: number;
  /** How many of them were messages. */
  messages: number;
  /** The most that the heap and buffers have grown by with one of them, in bytes. */
  memory: number;
}

/**
 * Gives so many damaged bodies of messages to the decoder, each in a sound frame or line.
 * @throws with the smallest that was found, when one is neither a message nor an error, or takes much more memory than it has bytes
 */
export function fuzzPayloads(mode: SerializationMode, payloads: number, seed?: number): PayloadReport {
  const report: PayloadReport = { payloads: 0, messages: 0, memory: 0 };
  const pristine = fingerprint();
  const body = fc
    .tuple(fc.constantFrom(...seeds[mode]), fc.array(damage, { maxLength: 4 }))
    .map(([start, damages]) => damages.reduce(changed, start));
  const property = fc.property(body, (bytes) => {
    const before = memoryInUse();
    const { messages, errors } = decode(mode, framed(mode, bytes));
    report.payloads++;
    report.messages += messages;
    const growth = memoryInUse() - before;
    report.memory = Math.max(report.memory, growth);
    if (growth > MEMORY[mode]) throw new Error(`${growth} bytes of memory for ${bytes.length}`);
    // A blank line is passed over.
    const isBlank = mode === 'json' && /^\s*$/.test(String(bytes));
    if (errors.length + messages === 0 && !isBlank) throw new Error('neither a message nor an error');
    if (errors.length > 1 || errors.some((error) => !(error instanceof ProtocolError))) throw new Error('errors');
    if (fingerprint() !== pristine) throw new Error('a global was changed');
  });
  fc.assert(property, { numRuns: payloads, ...(seed !== undefined && { seed }) });
  return report;
}

function decode(mode: SerializationMode, bytes: Buffer): { messages: number; errors: ProtocolError[] } {
  const errors: ProtocolError[] = [];
  let messages = 0;
  const decoder: Decoder = (mode === 'json' ? jsonLines : v8Frames).createDecoder({
    maxMessageBytes: MAX_MESSAGE,
    onMessage: () => messages++,
    onError: (error) => errors.push(error),
  });
  decoder.push(bytes);
  return { messages, errors };
}
