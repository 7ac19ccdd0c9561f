/**
 * All messages between the two processes. Types only: nothing here exists at run time.
 *
 * The channel carries plain data. Other values are represented by descriptors: objects with a key that begins with `__procxy_`. A
 * user object with such a key is wrapped in an `escaped` descriptor, so that data is never mistaken for a descriptor. A message with
 * a descriptor anywhere has the field `coded`. Without it, the receiver uses the values as they are.
 */

import type { SerializationMode } from './types/serializable.js';

/** Incremented for changes that the other side would misread. Both sides come from the same package. */
export type ProtocolVersion = 1;

/** A value in the form that a codec writes. */
export type Wire = unknown;

/**
 * What a message says about its values: `true` if they contain descriptors. If the sender exports something with it, a list of ids:
 * numbers for streams, strings for functions, strings that begin with `r` for objects that cross by reference, and strings that begin
 * with `m` for large bytes, which travel on the data socket and for which the message waits. Each id counts
 * once per message, even if the receiver does not read the values.
 */
export type Coded = true | (string | number)[];

/**
 * How a call or an event continues a trace of OpenTelemetry: what its propagator writes, such as `traceparent` and `baggage`. Only
 * processes that import `procxy/opentelemetry` send and read it.
 */
export type TraceFields = Readonly<Record<string, string>>;

/** Asks the other side to run a method. Answered by exactly one {@link CallResult} with the same `callId`. */
export interface CallInvoke {
  type: 'call-invoke';
  /** Counts up from 1 on each side. */
  callId: number;
  /**
   * The owner of the method. Absent for the user's instance; `'agent'` for the agent that holds it. `'symbol'`: the instance, and
   * `method` is the name of a well-known symbol.
   */
  target?: 'agent' | 'symbol';
  method: string;
  args: Wire[];
  coded?: Coded;
  trace?: TraceFields;
}

export interface CallSuccess {
  type: 'call-result';
  callId: number;
  result: 'success';
  /** Absent if the method returned `undefined`. */
  value?: Wire;
  coded?: Coded;
}

export interface CallFailure {
  type: 'call-result';
  callId: number;
  result: 'error';
  /** Left out when the thrown value was `undefined`. */
  error?: Wire;
  coded?: Coded;
}

export type CallResult = CallSuccess | CallFailure;

/** Invokes a function of the receiver. Answered by exactly one {@link CallbackResult} with the same `invokeId`. */
export interface CallbackInvoke {
  type: 'callback-invoke';
  callbackId: string;
  args: Wire[];
  /** From the same counter as `callId`. */
  invokeId: number;
  /**
   * Only if the caller blocks, and so the message does not use the channel: how many messages the caller has sent on the channel
   * before. They must be handled first.
   */
  after?: number;
  /** Copies of those messages that the channel may not deliver while the caller blocks. */
  early?: EarlyMessages | undefined;
  coded?: Coded;
  trace?: TraceFields;
}

/** Copies of messages that are in transit on the channel, in order. */
export interface EarlyMessages {
  /** How many messages were sent before the first of them. */
  from: number;
  /** The messages in JSON mode, or the output of `v8.serialize` for each of them in advanced mode. */
  messages: unknown[];
}

export interface CallbackSuccess {
  type: 'callback-result';
  invokeId: number;
  result: 'success';
  /** Absent if the function returned `undefined`. */
  value?: Wire;
  coded?: Coded;
}

export interface CallbackFailure {
  type: 'callback-result';
  invokeId: number;
  result: 'error';
  /** Left out when the thrown value was `undefined`. */
  error?: Wire;
  coded?: Coded;
}

export type CallbackResult = CallbackSuccess | CallbackFailure;

/** The receiver no longer needs a function. The owner forgets it when all messages that exported it are accounted for. */
export interface CallbackCleanup {
  type: 'callback-cleanup';
  callbackId: string;
  /** The number of messages that exported the function since the last cleanup. */
  count: number;
}

/** The owner has released a function: invoking it fails from now on. Answered by a {@link CallbackCleanup}. */
export interface CallbackRelease {
  type: 'callback-release';
  callbackId: string;
}

/** The sender has reached an export limit. Asks the other side to collect garbage and give back what it does not need. */
export interface CallbackCollect {
  type: 'callback-collect';
}

/** Answers a {@link CallbackCollect}, after each resulting `callback-cleanup` and `reference-cleanup`. */
export interface CallbackCollected {
  type: 'callback-collected';
}

/** An invocation by the child failed, and nothing in the child awaits it. */
export interface CallbackFailed {
  type: 'callback-failed';
  /** The name of the function, or of a method of an object that the parent has lent. */
  name: string;
  reason: string;
}

/** Calls a method or reads a property of an object that crossed by reference. Answered by one {@link CallResult}. */
export interface ReferenceInvoke {
  type: 'reference-invoke';
  /** From the same counter as other calls. */
  callId: number;
  referenceId: string;
  /** What `method` names: a property to read, or a well-known symbol. Absent for a method. */
  kind?: ReferenceMember;
  method: string;
  args: Wire[];
  coded?: Coded;
  trace?: TraceFields;
}

export type ReferenceMember = 'property' | 'symbol';

/** Calls a method of the result of another call, which has not arrived at the caller. Answered by one {@link CallResult}. */
export interface ResultInvoke {
  type: 'result-invoke';
  callId: number;
  /** The `callId` of that other call. */
  resultOf: number;
  method: string;
  args: Wire[];
  coded?: Coded;
  trace?: TraceFields;
}

/** Parent to child: all answers up to that to this call have been read, and their results need not be kept. */
export interface ResultsRead {
  type: 'results-read';
  callId: number;
}

/**
 * The members of objects of one kind. It is sent before the first such object, and stays valid. The ids count up from 1.
 */
export interface ReferenceShape {
  type: 'reference-shape';
  shapeId: number;
  /** Empty for an object without a class. */
  className: string;
  /** The names of all methods. */
  methods: string[];
  /** The well-known symbols of methods, such as `iterator` for `Symbol.iterator`. */
  symbols: string[];
  /** The names of properties, which need a request to be read. */
  properties: string[];
  /** Whether it has `on`, `off` and `emit`. */
  emitter?: true;
}

/** The receiver no longer needs a reference. The owner forgets it when all messages that exported it are accounted for. */
export interface ReferenceCleanup {
  type: 'reference-cleanup';
  referenceId: string;
  /** The number of messages that exported it since the last cleanup. */
  count: number;
}

/**
 * Sink to source: asks for items. A stream flows from its source to its sink, and either side may export it. Its id is odd if the
 * parent exports it. The source sends nothing until it is asked. Each side forgets a stream when both `stream-end` and
 * `stream-close` have crossed.
 */
export interface StreamPull {
  type: 'stream-pull';
  streamId: number;
  /** How much more the sink has room for, in bytes. An item that is not bytes has a fixed cost. */
  credit: number;
}

/** Sink to the source of an iterator: runs one of its methods. Answered by one item or the end. */
export interface StreamStep {
  type: 'stream-step';
  streamId: number;
  method: 'next' | 'return' | 'throw';
  value?: Wire;
  coded?: Coded;
}

/**
 * Source to sink. If there is a data socket, it carries bytes, and the primitive values of streams that may contain bytes. A message
 * without items on the data socket is a mark: it holds the place of the stream's next `stream-data` or `stream-end` on the channel.
 */
export interface StreamData {
  type: 'stream-data';
  streamId: number;
  items: Wire[];
  /** Whether the item answers a step. */
  answer?: true;
  /** One chunk of bytes in base64 instead of items, if there is no data socket. */
  bytes?: string;
  coded?: Coded;
}

/** Source to sink: no more items follow. */
export interface StreamEnd {
  type: 'stream-end';
  streamId: number;
  result: 'success' | 'error';
  /** Whether the end answers a step. */
  answer?: true;
  /** The sink has not asked for anything, so that a stream which may use the data socket has no mark there for this end. */
  unasked?: true;
  /** What an iterator returned or threw, or the error of a stream. */
  value?: Wire;
  coded?: Coded;
}

/** Sink to source: the sink has handled everything, or wants no more. */
export interface StreamClose {
  type: 'stream-close';
  streamId: number;
  result: 'success' | 'error';
  /** The error, if the sink broke the stream off. */
  value?: Wire;
  coded?: Coded;
}

/** The receiver did not accept a stream, so that the stream has no other end. */
export interface StreamDrop {
  type: 'stream-drop';
  streamId: number;
}

/** A signal that the other side was given has fired. */
export interface SignalAbort {
  type: 'signal-abort';
  signalId: number;
  reason?: Wire;
  coded?: Coded;
}

/** A signal was collected, so that it can no longer fire. */
export interface SignalRelease {
  type: 'signal-release';
  signalId: number;
}

/** Child to parent: its event loop is not blocked. Sent only if `import` asked for it. */
export interface Heartbeat {
  type: 'heartbeat';
}

/**
 * Somebody besides the session reads the messages that this side gets, such as a listener on `$process`: from now on, the receiver
 * writes single messages as objects, and never as a {@link LoneRow}.
 */
export interface MessagesWatched {
  type: 'messages-watched';
}

/** The last message of a child: the uncaught error that is about to end it. */
export interface ChildFatal {
  type: 'child-fatal';
  error?: Wire;
  coded?: Coded;
}

/**
 * Changes of the instance's public properties, sent before the answer to the call that made them. Pairs instead of objects, since a
 * property may have any name.
 */
export interface PropertyUpdate {
  type: 'property-update';
  set?: [name: string, value: Wire][];
  /** Properties that are not mirrored, each with the reason. */
  unavailable?: [name: string, reason: string][];
  removed?: string[];
  coded?: Coded;
}

/** Says which object of the child an event belongs to. */
interface OfEmitter {
  /** An object that crossed by reference. Absent for the instance. */
  referenceId?: string;
}

/** An event has a listener in the parent: the child forwards it from now on. */
export interface EventSubscribe extends OfEmitter {
  type: 'event-subscribe';
  event: EventName;
}

/** An event has no more listeners in the parent. */
export interface EventUnsubscribe extends OfEmitter {
  type: 'event-unsubscribe';
  event: EventName;
}

/** Confirms an {@link EventUnsubscribe}: the event does not follow any more. */
export interface EventUnsubscribed extends OfEmitter {
  type: 'event-unsubscribed';
  event: EventName;
}

export interface EventEmit extends OfEmitter {
  type: 'event-emit';
  event: EventName;
  args: Wire[];
  coded?: Coded;
  trace?: TraceFields;
}

/** Carries one handle, which is attached to the message, just before the message with its descriptor. */
export interface HandleTransfer {
  type: 'handle-transfer';
  handleId: number;
  handle: HandleDescription;
}

/** What is needed to recreate an object, besides its native handle. */
export type HandleDescription =
  | { kind: 'socket'; allowHalfOpen: boolean }
  | { kind: 'server'; allowHalfOpen: boolean; pauseOnConnect: boolean }
  | { kind: 'dgram'; type: 'udp4' | 'udp6' };

/** Confirms that a handle arrived: the sender may close its own. */
export interface HandleReceived {
  type: 'handle-received';
  handleId: number;
}

/** Tells the sender to keep its handle. It did not arrive, for example for lack of descriptors, or both sides share the object. */
export interface HandleKept {
  type: 'handle-kept';
  handleId: number;
}

/** An event could not be subscribed to or forwarded, with the error. */
export interface EventFailed extends OfEmitter {
  type: 'event-failed';
  event: EventName;
  error: Wire;
  coded?: Coded;
}

/** A symbol is identified by its `key` in `Symbol.for`, or by its `description`, with which the child finds it in the class's module. */
export type EventName = string | { key: string } | { description: string };

export type Message =
  | CallInvoke
  | CallResult
  | CallbackInvoke
  | CallbackResult
  | CallbackCleanup
  | CallbackRelease
  | CallbackCollect
  | CallbackCollected
  | CallbackFailed
  | ReferenceInvoke
  | ResultInvoke
  | ResultsRead
  | ReferenceShape
  | ReferenceCleanup
  | StreamPull
  | StreamStep
  | StreamData
  | StreamEnd
  | StreamClose
  | StreamDrop
  | SignalAbort
  | SignalRelease
  | Heartbeat
  | MessagesWatched
  | ChildFatal
  | PropertyUpdate
  | EventSubscribe
  | EventUnsubscribe
  | EventUnsubscribed
  | EventEmit
  | EventFailed
  | HandleTransfer
  | HandleReceived
  | HandleKept;

/**
 * Several messages in order, as one flat array, which is faster to write and read than an object for each. Each row begins with a
 * number that says what follows:
 *
 * | | what follows | message |
 * |---|---|---|
 * | 0 | a message | itself |
 * | 1 | `callId`, `method`, `args` | a `call-invoke` |
 * | 2 | `callId`, `value` | a `call-result` with success |
 * | 3 | `callId` | the same without a value |
 * | 4 | `invokeId`, `callbackId`, `args` | a `callback-invoke` |
 * | 5 | `invokeId`, `value` | a `callback-result` with success |
 * | 6 | `invokeId` | the same without a value |
 * | 7 | `invokeId`, `args` | a `callback-invoke` of the same function as the last row 4 or 7 of this batch |
 *
 * A child may send batches at any time. It receives them only if its answer to `import` says that it reads them.
 */
export interface Batch {
  type: 'batch';
  rows: unknown[];
}

/**
 * A single message as a row of a {@link Batch}, behind a mark that tells it from messages of the user:
 * `['procxy', 1, callId, method, args]`. It is faster to write and read than the object. The other side must read batches, and must
 * not have sent {@link MessagesWatched}.
 */
export type LoneRow = [mark: 'procxy', ...row: unknown[]];

/**
 * A message of one of several instances that share a child. Each of them has a session of its own, which knows nothing of the
 * envelope. Messages without one belong to the session with the agent itself.
 */
export interface InstanceMessage {
  type: 'instance-message';
  /** Counts up from 1. The parent assigns it, and never a second time. */
  instance: number;
  message: object;
}

/** The parent announces an instance. Its first message follows. */
export interface InstanceOpen {
  type: 'instance-open';
  instance: number;
}

/** The sender has closed its end of an instance's session, and ignores what still arrives. The other side answers with the same. */
export interface InstanceEnd {
  type: 'instance-end';
  instance: number;
}

/** What travels on a channel beside the messages of the session with the agent. */
export type Envelope = InstanceMessage | InstanceOpen | InstanceEnd;

/** A frame on the blocking lane of a child with several instances. */
export interface InstanceFrame {
  instance: number;
  message: object;
}

/** The argument of the agent's `share`: from then on, instances are announced by {@link InstanceOpen}. */
export interface ShareRequest {
  serialization: SerializationMode;
  references: ReferenceRequest;
  /** ms that the dispose hooks of all instances may take after the parent has gone. */
  terminateTimeout: number;
  killSignal?: NodeJS.Signals;
}

/** For example `{ __procxy_type: 'error', value: … }`. The transfer handler of that name writes and reads it. */
export interface Descriptor {
  __procxy_type: string;
  value?: Wire;
}

/** Represents a function. */
export interface CallbackDescriptor {
  /** A UUID v4 assigned by its owner. */
  __procxy_callback: string;
  __procxy_meta: {
    type: 'function';
    /** Its `length`. */
    arity: number;
    name: string;
    /** Whether the caller blocks until the function returns. */
    sync?: true;
    /** Whether it is a function of the receiver that comes back. */
    home?: true;
  };
}

/** The `value` of a descriptor of the type `reference`. */
export type ReferenceDescription =
  /** The ids are `r1`, `r2` and so on. */
  | { id: string; shape: number }
  /** It is an object of the receiver that comes back. */
  | { id: string; home: true };

/** The `value` of a descriptor of the type `stream`. */
export type StreamDescription =
  | { kind: 'iterator'; id: number }
  /** A Node stream. Without `objectMode`, it carries bytes. `encoding` is set if readers get text. */
  | { kind: 'readable'; id: number; objectMode: boolean; encoding?: string }
  | { kind: 'writable'; id: number; objectMode: boolean }
  | { kind: 'duplex'; readable: DuplexSide; writable: DuplexSide }
  /** A web stream. */
  | { kind: 'readable-stream'; id: number }
  | { kind: 'writable-stream'; id: number };

export interface DuplexSide {
  id: number;
  objectMode: boolean;
  encoding?: string;
}

/** The `value` of a descriptor of the type `abort-signal`. */
export interface SignalDescription {
  /** Absent if the signal has fired already. */
  id?: number;
  aborted?: { reason?: Wire };
}

/** The argument of the agent's `import`, which is the first call. `constructor` follows, with the user's arguments. */
export interface LoadRequest {
  protocol: ProtocolVersion;
  module: ModuleReference;
  class: WantedClass;
  /** The name of the static method that makes the instance. Absent for `new`. */
  create?: string;
  serialization: SerializationMode;
  supportHandles: boolean;
  /** Absent if functions do not cross. */
  callbacks?: CallbackRequest | undefined;
  /** How objects cross by reference. */
  references?: ReferenceRequest;
  /** The child's descriptor of the data socket. */
  dataDescriptor?: number | undefined;
  mirror: MirrorRequest;
  /** µs for which the event loop stays awake after a message. Absent for none. */
  busyPoll?: number;
  /** ms between two messages {@link Heartbeat}, once there is an instance. Absent for none. */
  heartbeat?: number;
  /** ms that the instance's dispose hook may take after the parent has gone. */
  terminateTimeout: number;
  /** The signal whose listeners end the process after that. Default: SIGTERM. */
  killSignal?: NodeJS.Signals;
  /** The directory that the agent changes to before it loads the module. Absent to stay where it was started. */
  cwd?: string;
  /** The trace to which the construction belongs. */
  trace?: TraceFields;
  /** Modules that the agent loads before that of the class, such as the set-up of OpenTelemetry. */
  preload?: ModuleReference[];
}

/** What the agent's `import` returns. */
export interface AgentDescription {
  /** Whether the agent reads a {@link Batch}. */
  batches?: boolean;
}

/** How functions cross. */
export interface CallbackRequest {
  /** How many functions one side may export at a time. */
  limit: number;
  /** ms that the caller of a function waits for its result. Absent for no limit. */
  timeout?: number;
  /** The child's descriptor of the socket on which it waits for the result of a synchronous function. */
  syncDescriptor?: number;
}

/** How objects cross by reference. Absent if only marked objects do. */
export interface ReferenceRequest {
  /** How many objects one side may export at a time. */
  limit: number;
  /** Whether the child sends each object with methods by reference. Otherwise, it sends only marked objects so. */
  automatic?: true;
  /** ms that the child waits for the result of a method of a lent object. Absent for no limit. */
  timeout?: number;
}

/** How to open the file behind another process's descriptor. */
export interface DescriptorReference {
  path: string;
  /** The flags of `open(2)`. */
  flags: number;
}

/** Which properties are mirrored. */
export interface MirrorRequest {
  /** `own`: the own data properties that are public. */
  names: 'own' | 'none' | string[];
  /** The most bytes of properties that are mirrored, in total. */
  limit: number;
}

/** Where the child finds the module. */
export type ModuleReference =
  /** A complete URL. */
  | { url: string }
  /** A bare specifier, resolved as an `import` in the file `referrer` would be. */
  | { specifier: string; referrer: string };

/** How the child recognizes the export that is the class. */
export interface WantedClass {
  /** Empty for an anonymous class. */
  name: string;
  /** The class's source text, from `Function.prototype.toString`. Absent if the parent has not loaded the class. */
  source?: string;
  /** The names of its members and base classes. Absent together with the text. */
  shape?: string;
  /** Set if the user has named the module. The name alone then suffices: in a bundle, text and shape may differ. */
  isModuleNamed?: true;
  /** The export that is the class, if the user has named it, such as `Sorter`, `default` or `api.Sorter`. */
  exportName?: string;
}

/** What the agent's `constructor` returns: everything that the parent knows about the instance. */
export interface InstanceDescription {
  /** Every name that can be called. */
  methods: string[];
  /** Properties that are never mirrored, each with the reason. */
  unmirrored: [name: string, reason: string][];
  /** Whether the instance has `Symbol.asyncDispose` or `Symbol.dispose`. */
  disposable: boolean;
  /** Whether it has `on`, `off` and `emit`. */
  emitter: boolean;
  /** The well-known symbols of methods, such as `iterator` for `Symbol.iterator`. Absent for none. */
  symbols?: string[];
}

/** What the agent's `$usage` returns. */
export interface ProcessUsage {
  /** Bytes of memory. */
  rss: number;
  /** ms of CPU time, of user and system together. */
  cpu: number;
  /** The share of time in which the event loop was busy, from 0 to 1. */
  utilization: number;
}
