import type { SerializationMode } from '../types/serializable.js';
import { createAdvancedCodec } from './advanced.js';
import { bytesHandler } from './bytes-codec.js';
import type { Codec } from './codec.js';
import { errorHandler } from './error-codec.js';
import { eventHandler } from './event-codec.js';
import { float16Handler } from './float16-codec.js';
import { functionHandler, type FunctionExchange } from './function-codec.js';
import { referenceHandler, refusedReferenceHandler, type ReferenceExchange } from './reference-codec.js';
import { resultHandler, type ResultExchange } from './result-codec.js';
import { largeBytesHandler, type LargeBytesExchange } from './large-bytes-codec.js';
import { handleHandler, type HandleExchange } from './handle-codec.js';
import { createJsonCodec } from './json.js';
import type { Refusal } from './refusals.js';
import { signalHandler, type SignalExchange } from './signal-codec.js';
import { streamHandler, type StreamExchange } from './stream-codec.js';
import { encoding } from './quiet.js';
import { selfHandler, type Self, type TransferHandler } from './transfer-handlers.js';

export interface CodecOptions {
  mode: SerializationMode;
  /** The instance in the child, and its proxy in the parent. */
  self: Self;
  /** Transfer handlers, asked in order before the built-in ones. */
  handlers?: readonly TransferHandler[];
  /** Parts of the session that exchange values which are more than data. Values without an exchange are refused. */
  handles?: HandleExchange | undefined;
  functions?: FunctionExchange | undefined;
  streams?: StreamExchange | undefined;
  /** Absent if large bytes are part of the message. */
  largeBytes?: LargeBytesExchange | undefined;
  references?: ReferenceExchange | undefined;
  results?: ResultExchange | undefined;
  signals?: SignalExchange | undefined;
  /** The reason to refuse functions if there is no exchange for them. */
  functionRefusal?: Refusal | undefined;
  /** Whether objects with methods are refused, which elsewhere go by reference. */
  refusesReferences?: boolean;
  /** The file of this code, or the start of its path. Its frames are removed from the stacks of errors that cross. */
  ownFile?: string | undefined;
}

export function createCodec(options: CodecOptions): Codec {
  const {
    mode,
    self,
    handlers = [],
    handles,
    functions,
    functionRefusal,
    streams,
    references,
    signals,
    ownFile,
    largeBytes,
  } = options;
  const all = [
    ...handlers,
    ...(options.results ? [resultHandler(options.results)] : []),
    selfHandler(self),
    handleHandler(handles),
    errorHandler(ownFile),
    functionHandler(functions, functionRefusal),
    signalHandler(signals),
    streamHandler(streams, references?.isAutomatic ?? options.refusesReferences),
    bytesHandler,
    eventHandler(),
    ...(mode === 'advanced' ? [float16Handler()] : []),
    ...(largeBytes ? [largeBytesHandler(largeBytes)] : []),
    references ? referenceHandler(references) : refusedReferenceHandler(options.refusesReferences === true),
  ];
  const codec = mode === 'json' ? createJsonCodec(all, self) : createAdvancedCodec(all, self);
  const exporters = [functions, streams, references, largeBytes].filter((exchange) => exchange !== undefined);
  return handles || exporters.length > 0 ? exchangingCodec(codec, handles, exporters) : codec;
}

/** Collects the ids of values that a message exports, and must list in `coded`. */
interface Exporter {
  takeExported(): (string | number)[];
  discard(): void;
}

/** Adds the exported ids to each encoded value. If a value is refused, discards what it would have exported. */
function exchangingCodec(codec: Codec, handles: HandleExchange | undefined, exporters: readonly Exporter[]): Codec {
  return {
    encode(value, origin) {
      encoding.depth++;
      try {
        const encoded = codec.encode(value, origin);
        if (encoded.coded === undefined) return encoded;
        const exported = exporters.flatMap((exchange) => exchange.takeExported());
        return exported.length === 0 ? encoded : { ...encoded, coded: exported };
      } catch (error) {
        handles?.discard();
        for (const exchange of exporters) exchange.discard();
        throw error;
      } finally {
        encoding.depth--;
      }
    },
    decode: (wire) => codec.decode(wire),
    explain: (...args) => codec.explain(...args),
    carriesBytes: codec.carriesBytes,
  };
}
