import type { Decoder, DecoderOptions } from './decoder.js';
import { JsonLineDecoder, lineOf } from './json-lines.js';

/** How messages are written on a stream of bytes, as text in UTF-8. */
export interface Dialect {
  /** @throws when the message cannot be written */
  encode(message: unknown): string;
  createDecoder(options: DecoderOptions): Decoder;
}

/** What any language can speak. */
export const jsonLines: Dialect = {
  encode: lineOf,
  createDecoder: (options) => new JsonLineDecoder(options),
};
