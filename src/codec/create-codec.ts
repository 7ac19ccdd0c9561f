import type { SerializationMode } from '../types/serializable.js';
import { createAdvancedCodec } from './advanced.js';
import type { Codec } from './codec.js';
import { errorHandler } from './error-codec.js';
import { createJsonCodec } from './json.js';
import { selfHandler, type Self, type TransferHandler } from './transfer-handlers.js';

export interface CodecOptions {
  mode: SerializationMode;
  /** The one object that each side means by `this`. */
  self: Self;
  /** Asked in order, before the built-in ones. */
  handlers?: readonly TransferHandler[];
  /** The file of this code, whose frames are left out of the stacks of errors that cross. */
  ownFile?: string;
}

export function createCodec({ mode, self, handlers = [], ownFile }: CodecOptions): Codec {
  const all = [...handlers, selfHandler(self), errorHandler(ownFile)];
  switch (mode) {
    case 'json':
      return createJsonCodec(all, self);
    case 'advanced':
      return createAdvancedCodec(all, self);
  }
}
