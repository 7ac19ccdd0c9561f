import type { Decoder, DecoderOptions } from './decoder.js';
import { FrameDecoder } from './frame-decoder.js';
import { messageFormat, v8Frame } from './frames.js';
import { JsonLineDecoder, lineOf } from './json-lines.js';

/** How messages are written on a stream of bytes. */
export interface StreamFormat {
  /** @throws when the message cannot be written */
  encode(message: unknown): string | Buffer;
  createDecoder(options: DecoderOptions): Decoder;
}

/** One that writes text, in UTF-8. */
export interface TextStreamFormat extends StreamFormat {
  encode(message: unknown): string;
}

/** What any language can speak. */
export const jsonLines: TextStreamFormat = {
  encode: lineOf,
  createDecoder: (options) => new JsonLineDecoder(options),
};

/** What only Node speaks: frames with what `v8.serialize` writes. */
export const v8Frames: StreamFormat = {
  encode: v8Frame,
  createDecoder: (options) => new FrameDecoder({ ...options, format: messageFormat('advanced') }),
};
