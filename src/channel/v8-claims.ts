/**
 * An array with holes is written by V8 as its length and those items that it has. Whoever reads one sets memory aside for the whole
 * length, which a few bytes can claim to be huge. The tokens are those of `v8/src/objects/value-serializer.cc`, of versions 13 to 15.
 */

/** So many places, of 8 bytes each, all arrays with holes of a message may have together. */
export const MAX_CLAIMED = 2 ** 24;

const SPARSE_ARRAY = code('a');
const VERSION = 0xff;
const OLDEST_VERSION = 13;

/** @throws {RangeError} when the arrays with holes of a message claim more places than {@link MAX_CLAIMED} */
export function checkClaims(bytes: Buffer): void {
  if (mostClaimed(bytes) <= MAX_CLAIMED) return;
  const claimed = new Claims(bytes).count();
  if (claimed > MAX_CLAIMED) {
    throw new RangeError(`Arrays with holes claim ${claimed} places, and ${MAX_CLAIMED} are allowed in one message`);
  }
}

/** Every byte that may be the token of such an array counts, also where it is a letter: never too few. */
function mostClaimed(bytes: Buffer): number {
  let sum = 0;
  for (let at = bytes.indexOf(SPARSE_ARRAY); at !== -1; at = bytes.indexOf(SPARSE_ARRAY, at + 1)) {
    sum += varintAt(bytes, at + 1).value;
    if (sum > MAX_CLAIMED) break;
  }
  return sum;
}

/** Seven bits a byte, the lowest first. What is longer than 32 bits is cut as V8 cuts it. */
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
 * What follows tokens before the next one: `v` a number of variable length, `d` a double, `b` one byte, `s` a length and so many bytes, `i` the
 * same with the sign of a bigint in the lowest bit of the length, `l` a length, the one that it may become, and bytes.
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
  // Of a host object, which Node's views on buffers are, its type goes first.
  ['\\', 'vs'],
] as const) {
  for (const token of tokens) following.set(token, parts);
}

/** Adds up the lengths of arrays with holes, token by token, and skips what strings and buffers hold. */
class Claims {
  readonly #bytes: Buffer;
  #at = 0;
  #version = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** As far as the tokens are known: at one that is not, V8 reads no further either. */
  count(): number {
    if (this.#byte() !== VERSION) throw new RangeError('A message has no version of its format');
    this.#version = this.#varint();
    if (this.#version < OLDEST_VERSION) throw new RangeError(`A message is of the format's version ${this.#version}`);
    let sum = 0;
    while (this.#at < this.#bytes.length) {
      const token = this.#byte();
      if (token === SPARSE_ARRAY) sum += this.#varint();
      else if (!this.#skip(String.fromCharCode(token))) break;
    }
    return sum;
  }

  /** Whether the token is known. */
  #skip(token: string): boolean {
    switch (token) {
      case 'R':
        return this.#skipRegExp();
      case 'V':
        this.#follow(this.#version >= 14 ? 'bvvv' : 'bvv');
        return true;
      case 'r':
        // What is in one has tokens of its own. No error crosses as V8 writes it: the codec has its own way.
        throw new RangeError('A message holds an error in the format of V8');
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
