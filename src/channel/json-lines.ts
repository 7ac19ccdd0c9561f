import { constants, isUtf8 } from 'node:buffer';
import { inspect } from 'node:util';
import { ProtocolError } from '../errors.js';
import { ByteCollector } from './byte-collector.js';
import { TruncatedMessage, type Decoder, type DecoderOptions } from './decoder.js';

const NEWLINE = 0x0a;
const SPACE = 0x20;
const BYTE_ORDER_MARK = 0xfeff;
/** How many bytes of invalid data an error shows. */
const EXCERPT = 40;

/**
 * Writes a message as a line: JSON in UTF-8, followed by a line feed.
 * @throws {TypeError} for values that JSON cannot express: `undefined`, a function, a symbol, a BigInt, a cycle
 * @throws any error that a `toJSON` method throws
 */
export function encodeLine(value: unknown): Buffer {
  return Buffer.from(lineOf(value));
}

/** Does the same, but returns text. */
export function lineOf(value: unknown): string {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new TypeError(`JSON cannot express ${inspect(value)}`);
  return `${text}\n`;
}

/** Reads messages in lines, however their bytes are split into chunks. The time is linear in their length. */
export class JsonLineDecoder implements Decoder {
  readonly #options: DecoderOptions;
  readonly #limit: number;
  /** The beginning of an incomplete line. */
  readonly #partial = new ByteCollector();
  #failed = false;

  constructor(options: DecoderOptions) {
    this.#options = options;
    this.#limit = Math.min(options.maxMessageBytes, constants.MAX_STRING_LENGTH);
  }

  push(bytes: Buffer): void {
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    if (end === 0) return this.#keep(bytes);
    const start = this.#partial.length === 0 ? 0 : this.#completePartial(bytes);
    if (start < end) this.#readLines(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end));
    if (end < bytes.length) this.#keep(bytes.subarray(end));
  }

  end(): void {
    const rest = this.#partial.take();
    if (this.#failed || isBlank(rest)) return;
    const what = `The channel closed in the middle of a message, after ${rest.length} bytes of it${excerpt(rest)}`;
    this.#fail(new TruncatedMessage(what));
  }

  #keep(bytes: Buffer): void {
    if (this.#failed) return;
    this.#partial.add(bytes);
    if (this.#partial.length > this.#limit) this.#refuseLength();
  }

  /** Completes and reads the incomplete line. Returns where the next line begins. */
  #completePartial(bytes: Buffer): number {
    const next = bytes.indexOf(NEWLINE) + 1;
    this.#partial.add(bytes.subarray(0, next));
    this.#readLine(this.#partial.take());
    return next;
  }

  /** Reads several lines as one text, which is much faster than one by one. */
  #readLines(lines: Buffer): void {
    if (lines.length <= this.#limit && isUtf8(lines)) {
      for (const text of lines.toString('utf8', 0, lines.length - 1).split('\n')) this.#parse(text);
      return;
    }
    for (let start = 0; start < lines.length && !this.#failed;) {
      const next = lines.indexOf(NEWLINE, start) + 1;
      this.#readLine(lines.subarray(start, next));
      start = next;
    }
  }

  #readLine(line: Buffer): void {
    if (this.#failed) return;
    if (line.length - 1 > this.#limit) this.#refuseLength();
    else if (isUtf8(line)) this.#parse(line.toString('utf8', 0, line.length - 1));
    else this.#fail(new ProtocolError(`A line is not UTF-8${excerpt(line)}`));
  }

  #parse(line: string): void {
    if (this.#failed) return;
    const text = withoutPadding(line);
    if (text === '') return;
    let message: unknown;
    try {
      message = JSON.parse(text);
    } catch (cause) {
      const what = `A line is not JSON${excerpt(Buffer.from(text.slice(0, EXCERPT)))}`;
      return this.#fail(new ProtocolError(what, { cause }));
    }
    this.#options.onMessage(message);
  }

  #refuseLength(): void {
    this.#fail(new ProtocolError(`A message exceeds the limit of ${this.#limit} bytes.`));
  }

  #fail(error: ProtocolError): void {
    this.#failed = true;
    this.#partial.take();
    this.#options.onError(error);
  }
}

/** Removes a byte order mark at the beginning of a line. Returns `''` for a blank line. */
function withoutPadding(line: string): string {
  // No message begins with one of these characters, so the first character decides for most lines.
  const first = line.charCodeAt(0);
  if (first > SPACE && first !== BYTE_ORDER_MARK) return line;
  const text = first === BYTE_ORDER_MARK ? line.slice(1) : line;
  return /^[ \t\r]*$/.test(text) ? '' : text;
}

/** Whether the bytes of a line are blank. They may be too many for a string. */
function isBlank(line: Buffer): boolean {
  const start = line.indexOf('\ufeff') === 0 ? 3 : 0;
  return line.subarray(start).every((byte) => byte === SPACE || byte === 0x09 || byte === 0x0d);
}

/** The end of an error message that shows invalid bytes. */
function excerpt(bytes: Buffer): string {
  return `: ${inspect(bytes.subarray(0, EXCERPT).toString())}.`;
}
