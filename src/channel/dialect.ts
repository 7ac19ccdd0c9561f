import type { Decoder, DecoderOptions } from './decoder.js';
import { FrameDecoder } from './frame-decoder.js';
import { messageFormat, v8Frame } from './frames.js';
import { JsonLineDecoder, lineOf } from './json-lines.js';

/** How messages are written to a stream of bytes. */
export interface StreamFormat {
  /** @throws if the message cannot be written */
  encode(message: unknown): string | Buffer;
  createDecoder(options: DecoderOptions): Decoder;
}

/** A format that writes UTF-8 text. */
export interface TextStreamFormat extends StreamFormat {
  encode(message: unknown): string;
}

/** Lines of JSON, which any language can read and write. */
export const jsonLines: TextStreamFormat = {
  encode: lineOf,
  createDecoder: (options) => new JsonLineDecoder(options),
};

/** Frames with the output of `v8.serialize`, which only Node can read and write. */
export const v8Frames: StreamFormat = {
  encode: v8Frame,
  createDecoder: (options) => new FrameDecoder({ ...options, format: messageFormat('advanced') }),
};
