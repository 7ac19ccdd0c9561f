import type { SerializationMode } from '../types/serializable.js';
import { createAdvancedCodec } from './advanced.js';
import type { Codec } from './codec.js';
import { errorHandler } from './error-codec.js';
import { handleHandler, type HandleExchange } from './handle-codec.js';
import { createJsonCodec } from './json.js';
import { selfHandler, type Self, type TransferHandler } from './transfer-handlers.js';

export interface CodecOptions {
  mode: SerializationMode;
  /** The one object that each side means by `this`. */
  self: Self;
  /** Asked in order, before the built-in ones. */
  handlers?: readonly TransferHandler[];
  /** Who moves handles; without it they are refused. */
  exchange?: HandleExchange | undefined;
  /** The file of this code, whose frames are left out of the stacks of errors that cross. */
  ownFile?: string;
}

export function createCodec({ mode, self, handlers = [], exchange, ownFile }: CodecOptions): Codec {
  const all = [...handlers, selfHandler(self), handleHandler(exchange), errorHandler(ownFile)];
  const codec = mode === 'json' ? createJsonCodec(all, self) : createAdvancedCodec(all, self);
  return exchange ? discardingCodec(codec, exchange) : codec;
}

/** A value that is refused takes no handle along. */
function discardingCodec(codec: Codec, exchange: HandleExchange): Codec {
  return {
    encode(value, origin) {
      try {
        return codec.encode(value, origin);
      } catch (error) {
        exchange.discard();
        throw error;
      }
    },
    decode: (wire) => codec.decode(wire),
  };
}
