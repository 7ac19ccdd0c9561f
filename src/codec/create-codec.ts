import type { SerializationMode } from '../types/serializable.js';
import { createAdvancedCodec } from './advanced.js';
import { bytesHandler } from './bytes-codec.js';
import type { Codec } from './codec.js';
import { errorHandler } from './error-codec.js';
import { eventHandler } from './event-codec.js';
import { float16Handler } from './float16-codec.js';
import { functionHandler, type FunctionExchange } from './function-codec.js';
import { handleHandler, type HandleExchange } from './handle-codec.js';
import { createJsonCodec } from './json.js';
import type { Refusal } from './refusals.js';
import { signalHandler, type SignalExchange } from './signal-codec.js';
import { streamHandler, type StreamExchange } from './stream-codec.js';
import { selfHandler, type Self, type TransferHandler } from './transfer-handlers.js';

export interface CodecOptions {
  mode: SerializationMode;
  /** The one object that each side means by `this`. */
  self: Self;
  /** Asked in order, before the built-in ones. */
  handlers?: readonly TransferHandler[];
  /** Who moves handles, keeps functions, moves what streams hold, and follows signals; what nobody does is refused. */
  handles?: HandleExchange | undefined;
  functions?: FunctionExchange | undefined;
  streams?: StreamExchange | undefined;
  signals?: SignalExchange | undefined;
  /** Why a function is refused, where none cross here. */
  functionRefusal?: Refusal | undefined;
  /** The file of this code, or how its name begins: its frames are left out of the stacks of errors that cross. */
  ownFile?: string | undefined;
}

export function createCodec(options: CodecOptions): Codec {
  const { mode, self, handlers = [], handles, functions, functionRefusal, streams, signals, ownFile } = options;
  const all = [
    ...handlers,
    selfHandler(self),
    handleHandler(handles),
    errorHandler(ownFile),
    functionHandler(functions, functionRefusal),
    signalHandler(signals),
    streamHandler(streams),
    bytesHandler,
    eventHandler(),
    ...(mode === 'advanced' ? [float16Handler()] : []),
  ];
  const codec = mode === 'json' ? createJsonCodec(all, self) : createAdvancedCodec(all, self);
  const exporters = [functions, streams].filter((exchange) => exchange !== undefined);
  return handles || exporters.length > 0 ? exchangingCodec(codec, handles, exporters) : codec;
}

/** What may be exported by a message, which then names it. */
interface Exporter {
  takeExported(): (string | number)[];
  discard(): void;
}

/** A value that is refused takes nothing along, and one that is not names what it does. */
function exchangingCodec(codec: Codec, handles: HandleExchange | undefined, exporters: readonly Exporter[]): Codec {
  return {
    encode(value, origin) {
      try {
        const encoded = codec.encode(value, origin);
        if (encoded.coded === undefined) return encoded;
        const exported = exporters.flatMap((exchange) => exchange.takeExported());
        return exported.length === 0 ? encoded : { ...encoded, coded: exported };
      } catch (error) {
        handles?.discard();
        for (const exchange of exporters) exchange.discard();
        throw error;
      }
    },
    decode: (wire) => codec.decode(wire),
    explain: (...args) => codec.explain(...args),
    carriesBytes: codec.carriesBytes,
  };
}
