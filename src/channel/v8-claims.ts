/**
 * V8 writes an array with holes as its length and the items that it has. The reader allocates memory for the whole length, so a
 * few bytes could make it allocate gigabytes. The tokens are from versions 13 to 15 of `v8/src/objects/value-serializer.cc`.
 */

/** The most slots that all arrays with holes in a message may have together, of 8 bytes each. */
export const MAX_CLAIMED = 2 ** 24;

const SPARSE_ARRAY = code('a');
const VERSION = 0xff;
const OLDEST_VERSION = 13;

/** @throws {RangeError} if the arrays with holes in a message claim more slots than {@link MAX_CLAIMED} */
export function checkClaims(bytes: Buffer): void {
  if (mostClaimed(bytes) <= MAX_CLAIMED) return;
  const claimed = new Claims(bytes).count();
  if (claimed > MAX_CLAIMED) {
    throw new RangeError(`Arrays with holes claim ${claimed} slots, but the limit is ${MAX_CLAIMED} in one message`);
  }
}

/** A quick upper bound: counts every byte that may be the token of such an array, even if it is a letter in a string. */
function mostClaimed(bytes: Buffer): number {
  let sum = 0;
  for (let at = bytes.indexOf(SPARSE_ARRAY); at !== -1; at = bytes.indexOf(SPARSE_ARRAY, at + 1)) {
    sum += varintAt(bytes, at + 1).value;
    if (sum > MAX_CLAIMED) break;
  }
  return sum;
}

/** Reads a number of variable length: seven bits per byte, lowest first. Truncates it to 32 bits, as V8 does. */
function varintAt(bytes: Buffer, start: number): { value: number; end: number } {
  let value = 0;
  let end = start;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[end] ?? 0;
    if (shift < 32) value = (value | ((byte & 0x7f) << shift)) >>> 0;
    if (end++ >= bytes.length || byte < 0x80) return { value, end };
  }
}

/**
 * What follows each token before the next one:
 *
 * - `v`: a number of variable length
 * - `d`: a double
 * - `b`: one byte
 * - `s`: a length, then that many bytes
 * - `i`: the same, but the lowest bit of the length is the sign of a bigint
 * - `l`: a length, the maximum length of a resizable buffer, then the bytes
 */
const following = new Map<string, string>();
for (const [tokens, parts] of [
  ["\0-_0TFxyo;'s", ''],
  ['IU^aA{:,?tu', 'v'],
  ['@$', 'vv'],
  ['NDn', 'd'],
  ['"cSB', 's'],
  ['Zz', 'i'],
  ['~', 'l'],
  // A host object, as Node writes views of buffers, has its type first.
  ['\\', 'vs'],
] as const) {
  for (const token of tokens) following.set(token, parts);
}

/** Adds up the lengths of arrays with holes, token by token. Skips the content of strings and buffers. */
class Claims {
  readonly #bytes: Buffer;
  #at = 0;
  #version = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Counts up to the first unknown token, where V8 also stops reading. */
  count(): number {
    if (this.#byte() !== VERSION) throw new RangeError('A message does not begin with the version of its format');
    this.#version = this.#varint();
    if (this.#version < OLDEST_VERSION)
      throw new RangeError(`A message has the format version ${this.#version}, which is older than ${OLDEST_VERSION}`);
    let sum = 0;
    while (this.#at < this.#bytes.length) {
      const token = this.#byte();
      if (token === SPARSE_ARRAY) sum += this.#varint();
      else if (!this.#skip(String.fromCharCode(token))) break;
    }
    return sum;
  }

  /** Skips what follows a token. Returns whether the token is known. */
  #skip(token: string): boolean {
    switch (token) {
      case 'R':
        return this.#skipRegExp();
      case 'V':
        this.#follow(this.#version >= 14 ? 'bvvv' : 'bvv');
        return true;
      case 'r':
        // An error has tokens of its own inside. The codec never writes errors in V8's format.
        throw new RangeError('A message contains an error in V8 format');
      default:
        this.#follow(following.get(token) ?? '');
        return following.has(token);
    }
  }

  #skipRegExp(): boolean {
    let token = this.#byte();
    while (token === 0) token = this.#byte();
    if (!['"', 'c', 'S'].includes(String.fromCharCode(token))) return false;
    this.#follow('sv');
    return true;
  }

  #follow(parts: string): void {
    for (const part of parts) {
      if (part === 'v') this.#varint();
      else if (part === 'd') this.#at += 8;
      else if (part === 'b') this.#at += 1;
      else {
        const length = this.#varint();
        if (part === 'l') this.#varint();
        this.#at += part === 'i' ? length >>> 1 : length;
      }
    }
  }

  #byte(): number {
    return this.#bytes[this.#at++] ?? 0;
  }

  #varint(): number {
    const { value, end } = varintAt(this.#bytes, this.#at);
    this.#at = end;
    return value;
  }
}

function code(character: string): number {
  return character.charCodeAt(0);
}
