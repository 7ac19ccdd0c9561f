import type { SerializationMode } from '../types/serializable.js';
import { createAdvancedCodec } from './advanced.js';
import type { Codec } from './codec.js';
import { errorHandler } from './error-codec.js';
import { functionHandler, type FunctionExchange } from './function-codec.js';
import { handleHandler, type HandleExchange } from './handle-codec.js';
import { createJsonCodec } from './json.js';
import { selfHandler, type Self, type TransferHandler } from './transfer-handlers.js';

export interface CodecOptions {
  mode: SerializationMode;
  /** The one object that each side means by `this`. */
  self: Self;
  /** Asked in order, before the built-in ones. */
  handlers?: readonly TransferHandler[];
  /** Who moves handles; without it they are refused, */
  handles?: HandleExchange | undefined;
  /** and who keeps functions. */
  functions?: FunctionExchange | undefined;
  /** The file of this code, or how its name begins: its frames are left out of the stacks of errors that cross. */
  ownFile?: string;
}

export function createCodec(options: CodecOptions): Codec {
  const { mode, self, handlers = [], handles, functions, ownFile } = options;
  const all = [
    ...handlers,
    selfHandler(self),
    handleHandler(handles),
    errorHandler(ownFile),
    functionHandler(functions),
  ];
  const codec = mode === 'json' ? createJsonCodec(all, self) : createAdvancedCodec(all, self);
  return handles || functions ? exchangingCodec(codec, handles, functions) : codec;
}

/** A value that is refused takes nothing along, and one that is not names the functions in it. */
function exchangingCodec(codec: Codec, handles?: HandleExchange, functions?: FunctionExchange): Codec {
  return {
    encode(value, origin) {
      try {
        const encoded = codec.encode(value, origin);
        if (!functions || encoded.coded === undefined) return encoded;
        const exported = functions.takeExported();
        return exported.length === 0 ? encoded : { wire: encoded.wire, coded: exported };
      } catch (error) {
        handles?.discard();
        functions?.discard();
        throw error;
      }
    },
    decode: (wire) => codec.decode(wire),
  };
}
