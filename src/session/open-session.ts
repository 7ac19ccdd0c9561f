import type { Codec, Encoded, Origin } from '../codec/codec.js';
import { createCodec, type CodecOptions } from '../codec/create-codec.js';
import type { TransferHandler } from '../codec/transfer-handlers.js';
import type { ResultExchange } from '../codec/result-codec.js';
import { ProtocolError, type SerializationError } from '../errors.js';
import type { Wire } from '../protocol.js';
import type { SerializationMode } from '../types/serializable.js';
import { emitterMethods } from './events/emitter-methods.js';
import { isEmitter } from './events/event-forwarder.js';
import { Callbacks, type CallbacksOptions } from './functions/callbacks.js';
import { Handles } from './handles.js';
import { Collection } from './lifetimes/collection.js';
import { LargeBytes } from './large-bytes.js';
import type { SessionPart } from './part.js';
import { References, type ReferencesOptions } from './references/references.js';
import { Session, type SessionOptions } from './session.js';
import { PipelinedResult } from './calls/pipelined-result.js';
import { KeptResults } from './references/kept-results.js';
import { ReadResults } from './references/read-results.js';
import { Signals } from './signals.js';
import { openDataLink, type DataLane } from './streams/data-link.js';
import { Streams } from './streams/streams.js';

/** Options known before the sides agree on what may cross. */
export interface SessionSetup extends Omit<SessionOptions, 'codec'>, Pick<CodecOptions, 'self' | 'ownFile'> {
  /** Transfer handlers that are asked before the built-in ones. */
  transfers?: readonly TransferHandler[];
  isParent: boolean;
}

/** What may cross besides plain data. Both sides must agree on it. */
export interface Carried {
  mode: SerializationMode;
  handles: boolean;
  /** Absent if functions do not cross. */
  callbacks?: Omit<CallbacksOptions, 'isParent'> | undefined;
  /** How methods of results are called before the results arrive. Absent if they are not. */
  pipelining?: 'asks' | 'keeps' | undefined;
  /** Absent if no objects go by reference. */
  references?: Omit<ReferencesOptions, 'isParent'> | undefined;
  /** Absent if bytes use the channel. */
  bytes?: DataLane | undefined;
}

/** One end of a session, with its codec. */
export interface OpenSession {
  readonly session: Session;
  readonly codec: Codec;
  /**
   * Sets what may cross from now on. The parent calls it immediately, the child when the parent's options arrive. Until then
   * only plain data can be read and written, which has the same form in every mode.
   */
  carry(carried: Carried): CarriedParts;
}

/** The parts that others use. */
export interface CarriedParts {
  /** Absent if functions do not cross. */
  readonly functions: Callbacks | undefined;
  /** Absent if no objects go by reference. */
  readonly references: References | undefined;
}

/** Assembles a session from its channel, codec and parts. Both sides use it. */
export function openSession({ isParent, self, ownFile, transfers = [], ...options }: SessionSetup): OpenSession {
  const codecOptions = { self, ownFile, handlers: transfers };
  const codec = new CurrentCodec(createCodec({ ...codecOptions, mode: 'json' }));
  const session = new Session({ ...options, codec });
  const onBusy = (busy: boolean): void => options.onBusy?.(busy);

  const { run } = options;
  /** The instance is called as without results: its properties are watched. */
  const keepResults = (references: References): KeptResults =>
    new KeptResults({
      run(value, method, args) {
        refuseListening(value, method);
        if (value === self.current && run) return run('instance', method, args);
        return references.runOnResult(value, method, args);
      },
    });

  const carry = ({
    mode,
    handles: withHandles,
    callbacks: limits,
    references: rules,
    pipelining,
    bytes,
  }: Carried): CarriedParts => {
    let data: ReturnType<typeof openDataLink> | undefined;
    const openData = (): typeof data =>
      (data ??= bytes && openDataLink(bytes, { mode, inbox: session.inbox, table: streams.table, large: largeBytes }));
    const largeBytes = mode === 'advanced' && bytes ? new LargeBytes(openData) : undefined;
    const handles = withHandles ? new Handles() : undefined;
    const functions = limits && new Callbacks({ ...limits, isParent });
    const streams: Streams = new Streams({ isParent, data: openData, onBusy });
    const signals = new Signals();
    const references = rules && new References({ ...rules, isParent });
    const imported = [functions, references].filter((part) => part !== undefined);
    const results = pipelining === 'keeps' && references ? keepResults(references) : undefined;
    const asked = pipelining === 'asks' ? pipelinedResults : undefined;
    const readResults = asked && new ReadResults();
    const collection = new Collection({ isParent, imported });
    const parts: (SessionPart | undefined)[] = [
      handles,
      functions,
      references,
      collection,
      streams,
      signals,
      results,
      readResults,
      largeBytes,
    ];
    for (const part of parts) if (part) session.use(part);
    codec.current = createCodec({
      ...codecOptions,
      mode,
      handles,
      functions,
      references,
      results: results ?? asked,
      streams,
      signals,
      largeBytes,
    });
    // The parent must be ready to read whatever the child sends. The child opens its end when a stream needs it.
    if (isParent) openData();
    return { functions, references };
  };
  return { session, codec, carry };
}

/** Listeners belong to a proxy. A result that has not arrived has none. @throws {TypeError} */
function refuseListening(value: unknown, method: string): void {
  if (!emitterMethods.has(method) || typeof value !== 'object' || value === null || !isEmitter(value)) return;
  throw new TypeError(`${method}() was called on an emitter that had not arrived. Await the emitter first`);
}

/** The results that this side may pass on before they have arrived. */
const pipelinedResults: ResultExchange = {
  isResult: (value) => PipelinedResult.isOne(value),
  locate: (result) => PipelinedResult.locate(result as PipelinedResult, ''),
  find() {
    throw new ProtocolError('The result of a call arrived where none is taken.');
  },
};

/** A codec that can be replaced while other objects hold a reference to it. */
class CurrentCodec implements Codec {
  current: Codec;

  constructor(current: Codec) {
    this.current = current;
  }

  encode(value: unknown, origin: Origin): Encoded {
    return this.current.encode(value, origin);
  }

  decode(wire: Wire): unknown {
    return this.current.decode(wire);
  }

  explain(wire: Wire, origin: Origin, cause: unknown): SerializationError {
    return this.current.explain(wire, origin, cause);
  }

  get carriesBytes(): boolean {
    return this.current.carriesBytes;
  }
}
