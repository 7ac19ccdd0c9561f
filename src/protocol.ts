/**
 * Every message that crosses between the two processes. Types only: nothing here exists at run time.
 *
 * The channel carries plain data. What plain data cannot express stands in it as a descriptor: an object
 * with a key that begins with `__procxy_`. A user's own object with such a key is wrapped in an `escaped`
 * descriptor, so that data can never be taken for a descriptor. A message that holds a descriptor anywhere
 * says so with `coded: true`; without it the receiver takes the values as they are.
 */

import type { SerializationMode } from './types/serializable.js';

/** Raised when a change would be misread by the other side. Both sides come from the same package. */
export type ProtocolVersion = 1;

/** A value as a codec wrote it. */
export type Wire = unknown;

/**
 * What a message says of its values: `true` where they hold descriptors; a list where they hold functions or streams too, with
 * the id of each that the sender exports with it: a number for a stream, text for a function, and text that begins with `r` for an
 * object that goes by reference. Each counts once a message, whether the receiver reads the values or not.
 */
export type Coded = true | (string | number)[];

/** Asks the other side to run a method. Answered by exactly one {@link CallResult} with the same `callId`. */
export interface CallInvoke {
  type: 'call-invoke';
  /** Counts up from 1 on each side. */
  callId: number;
  /** Whose method it is: the user's instance when left out, else the agent that keeps the instance. */
  target?: 'agent';
  method: string;
  args: Wire[];
  coded?: Coded;
}

export interface CallSuccess {
  type: 'call-result';
  callId: number;
  result: 'success';
  /** Left out when the method returned `undefined`. */
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

/** Runs a function that the other side was given. Answered by exactly one {@link CallbackResult} with the same `invokeId`. */
export interface CallbackInvoke {
  type: 'callback-invoke';
  callbackId: string;
  args: Wire[];
  /** From the same counter as `callId`. */
  invokeId: number;
  /**
   * Only where the caller blocks, and the message comes by another way than the rest: how many messages it has sent
   * there before, which are to be handled first;
   */
  after?: number;
  /** and those of them that may not come there before it has its answer. */
  early?: EarlyMessages | undefined;
  coded?: Coded;
}

/** Copies of messages that are under way on the channel, in their order. */
export interface EarlyMessages {
  /** How many have been sent before the first of them. */
  from: number;
  /** In JSON mode the messages, in advanced mode what `v8.serialize` makes of each. */
  messages: unknown[];
}

export interface CallbackSuccess {
  type: 'callback-result';
  invokeId: number;
  result: 'success';
  /** Left out when the function returned `undefined`. */
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

/** The receiver of a function has no use for it any more. The owner forgets it when all that was sent is accounted for. */
export interface CallbackCleanup {
  type: 'callback-cleanup';
  callbackId: string;
  /** In how many messages it has arrived since the last cleanup. */
  count: number;
}

/** The owner has let go of a function: invoking it fails from now on. Answered by a {@link CallbackCleanup}. */
export interface CallbackRelease {
  type: 'callback-release';
  callbackId: string;
}

/** The sender may export no more functions or references: the other side is to find out which of them it does not need. */
export interface CallbackCollect {
  type: 'callback-collect';
}

/** That is done, and each `callback-cleanup` and `reference-cleanup` that came of it was sent before. */
export interface CallbackCollected {
  type: 'callback-collected';
}

/** An invocation by the child failed, and nobody there waits for it. */
export interface CallbackFailed {
  type: 'callback-failed';
  /** The function's, or that of a method of an object that the parent has lent. */
  name: string;
  reason: string;
}

/** Asks something of an object that the other side was given by reference. Answered by one {@link CallResult}. */
export interface ReferenceInvoke {
  type: 'reference-invoke';
  /** From the same counter as that of other calls. */
  callId: number;
  referenceId: string;
  /** What `method` names: a method when left out; a property that is read; or a method by the name of a well-known symbol. */
  kind?: ReferenceMember;
  method: string;
  args: Wire[];
  coded?: Coded;
}

export type ReferenceMember = 'property' | 'symbol';

/**
 * What objects of one kind have. It is sent before the first of them, and holds until the end. The first id is 1, the next 2, and so on.
 */
export interface ReferenceShape {
  type: 'reference-shape';
  shapeId: number;
  /** Empty for an object without a class. */
  className: string;
  /** Every name that can be called, */
  methods: string[];
  /** and the well-known symbols that can: `iterator` for `Symbol.iterator`. */
  symbols: string[];
  /** Names of properties, which can only be read by asking. */
  properties: string[];
  /** It has `on`, `off` and `emit`. */
  emitter?: true;
}

/** The receiver of a reference has no use for it any more. The owner forgets it when all that was sent is accounted for. */
export interface ReferenceCleanup {
  type: 'reference-cleanup';
  referenceId: string;
  /** In how many messages it has arrived since the last cleanup. */
  count: number;
}

/**
 * A stream runs from its source to its sink, whichever of the two has exported it; its id is odd where the parent has. The
 * source says nothing before it is asked to. Each side forgets a stream when `stream-end` and `stream-close` have crossed.
 */
export interface StreamPull {
  type: 'stream-pull';
  streamId: number;
  /** How many more items, or bytes, the sink has room for. */
  credit: number;
}

/** Sink to source, an iterator's: runs one of its methods. Answered by one item or the end. */
export interface StreamStep {
  type: 'stream-step';
  streamId: number;
  method: 'next' | 'return' | 'throw';
  value?: Wire;
  coded?: Coded;
}

/**
 * Source to sink. Where there is a data socket, bytes come by it, and so do the primitive values of a stream that may have such. One
 * without items on the data socket is the mark of the next `stream-data` or `stream-end` of that stream by the channel, in its place.
 */
export interface StreamData {
  type: 'stream-data';
  streamId: number;
  items: Wire[];
  /** The item answers a step. */
  answer?: true;
  /** One chunk of bytes in place of items, in base64: where there is no data socket. */
  bytes?: string;
  coded?: Coded;
}

/** Source to sink: nothing comes any more. */
export interface StreamEnd {
  type: 'stream-end';
  streamId: number;
  result: 'success' | 'error';
  /** It answers a step. */
  answer?: true;
  /** Nothing of a stream that may use the data socket has gone there: this end has no mark among the bytes. */
  unasked?: true;
  /** What an iterator has returned, or thrown; why a stream broke off. */
  value?: Wire;
  coded?: Coded;
}

/** Sink to source: it has done with what came, or wants no more of it. */
export interface StreamClose {
  type: 'stream-close';
  streamId: number;
  result: 'success' | 'error';
  /** Why it broke off. */
  value?: Wire;
  coded?: Coded;
}

/** The receiver of a stream has not taken it: neither of the two roles is played over there. */
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

/** Nobody can abort it any more. */
export interface SignalRelease {
  type: 'signal-release';
  signalId: number;
}

/** Child to parent: its event loop turns. Sent where `import` has asked for it. */
export interface Heartbeat {
  type: 'heartbeat';
}

/** The last words of a child: the uncaught error that is about to end it. */
export interface ChildFatal {
  type: 'child-fatal';
  error?: Wire;
  coded?: Coded;
}

/**
 * What has changed of the instance's public properties; it travels before the answer to the call that changed them.
 * Pairs and not objects, since a property may have any name.
 */
export interface PropertyUpdate {
  type: 'property-update';
  set?: [name: string, value: Wire][];
  /** Properties that are not mirrored, each with the reason. */
  unavailable?: [name: string, reason: string][];
  removed?: string[];
  coded?: Coded;
}

/** The parent listens to an event: the child forwards it from now on. */
export interface EventSubscribe {
  type: 'event-subscribe';
  event: EventName;
}

/** Nobody in the parent listens any more. */
export interface EventUnsubscribe {
  type: 'event-unsubscribe';
  event: EventName;
}

/** Confirms it: no such event comes after this. */
export interface EventUnsubscribed {
  type: 'event-unsubscribed';
  event: EventName;
}

export interface EventEmit {
  type: 'event-emit';
  event: EventName;
  args: Wire[];
  coded?: Coded;
}

/** Brings one handle, attached by the channel, just before the message that holds its descriptor. */
export interface HandleTransfer {
  type: 'handle-transfer';
  handleId: number;
  handle: HandleDescription;
}

/** What an object is made of besides its native handle. */
export type HandleDescription =
  | { kind: 'socket'; allowHalfOpen: boolean }
  | { kind: 'server'; allowHalfOpen: boolean; pauseOnConnect: boolean }
  | { kind: 'dgram'; type: 'udp4' | 'udp6' };

/** Confirms that it arrived: the sender may close its own. */
export interface HandleReceived {
  type: 'handle-received';
  handleId: number;
}

/** Says that the sender keeps its own: it did not arrive, for want of descriptors for example, or both sides have the same object. */
export interface HandleKept {
  type: 'handle-kept';
  handleId: number;
}

/** An event that could not be subscribed to or forwarded, and why. */
export interface EventFailed {
  type: 'event-failed';
  event: EventName;
  error: Wire;
  coded?: Coded;
}

/** A symbol has no meaning in another process: `key` is that of `Symbol.for`, `description` finds it in the class's module. */
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
 * Several messages in one, in their order, written as one flat array: less to write and to read than an object for each.
 * Each begins with a number that says what follows:
 *
 * | | follows | stands for |
 * |---|---|---|
 * | 0 | a message | itself |
 * | 1 | `callId`, `method`, `args` | a `call-invoke` |
 * | 2 | `callId`, `value` | a `call-result` with success |
 * | 3 | `callId` | the same without a value |
 * | 4 | `invokeId`, `callbackId`, `args` | a `callback-invoke` |
 * | 5 | `invokeId`, `value` | a `callback-result` with success |
 * | 6 | `invokeId` | the same without a value |
 * | 7 | `invokeId`, `args` | a `callback-invoke` of the same function as the last one of this batch that had a row of its own |
 *
 * A child may send one at any time. It is sent some once the answer to `import` has said that it reads them.
 */
export interface Batch {
  type: 'batch';
  rows: unknown[];
}

/** `{ __procxy_type: 'error', value: … }`: written and read by the transfer handler of that name. */
export interface Descriptor {
  __procxy_type: string;
  value?: Wire;
}

/** Stands for a function. */
export interface CallbackDescriptor {
  /** A UUID v4 that its owner gave it. */
  __procxy_callback: string;
  __procxy_meta: {
    type: 'function';
    /** Its `length`. */
    arity: number;
    name: string;
    /** The other side waits for its result without turning its event loop. */
    sync?: true;
    /** It is the receiver's own that comes back. */
    home?: true;
  };
}

/** The `value` of a descriptor of the type `reference`. */
export type ReferenceDescription =
  /** The id is `r1`, `r2` and so on. */
  | { id: string; shape: number }
  /** It is the receiver's own that comes back. */
  | { id: string; home: true };

/** The `value` of a descriptor of the type `stream`. */
export type StreamDescription =
  | { kind: 'iterator'; id: number }
  /** Node's. Without `objectMode` it carries bytes; `encoding` is that of the text which a reader gets. */
  | { kind: 'readable'; id: number; objectMode: boolean; encoding?: string }
  | { kind: 'writable'; id: number; objectMode: boolean }
  | { kind: 'duplex'; readable: DuplexSide; writable: DuplexSide }
  /** The web's. */
  | { kind: 'readable-stream'; id: number }
  | { kind: 'writable-stream'; id: number };

export interface DuplexSide {
  id: number;
  objectMode: boolean;
  encoding?: string;
}

/** The `value` of a descriptor of the type `abort-signal`. */
export interface SignalDescription {
  /** Left out when it has fired already. */
  id?: number;
  aborted?: { reason?: Wire };
}

/** The argument of the agent's `import`, the first call of all. Its `constructor` follows, with the user's arguments. */
export interface LoadRequest {
  protocol: ProtocolVersion;
  module: ModuleReference;
  class: WantedClass;
  /** The name of the static method that makes the instance; left out: `new` does. */
  create?: string;
  serialization: SerializationMode;
  supportHandles: boolean;
  /** Left out where functions do not cross. */
  callbacks?: CallbackRequest | undefined;
  /** How objects go by reference. */
  references?: ReferenceRequest;
  /** The child's descriptor of the data socket. */
  dataDescriptor?: number | undefined;
  mirror: MirrorRequest;
  /** µs for which the event loop stays awake after a message; left out: none. */
  busyPoll?: number;
  /** ms from one {@link Heartbeat} to the next, once there is an instance; left out: none. */
  heartbeat?: number;
  /** ms that the instance's dispose hook may take once the parent is gone. */
  terminateTimeout: number;
  /** The signal whose listeners end the process after that; left out: SIGTERM. */
  killSignal?: NodeJS.Signals;
  /** Where the agent goes before it loads the module; left out: it stays where it was started. */
  cwd?: string;
}

/** What the agent's `import` returns. */
export interface AgentDescription {
  /** It reads a {@link Batch}. */
  batches?: boolean;
}

/** How functions cross. */
export interface CallbackRequest {
  /** How many functions one side may export at a time. */
  limit: number;
  /** ms that the caller of a function waits for its result; left out: no limit. */
  timeout?: number;
  /** The child's descriptor of the socket on which it waits for the result of a synchronous function. */
  syncDescriptor?: number;
}

/** How objects go by reference. Left out, only marked ones do. */
export interface ReferenceRequest {
  /** How many objects one side may export at a time. */
  limit: number;
  /** The child sends each object with methods so. Left out: only those that are marked. */
  automatic?: true;
  /** ms that the child waits for the result of a method of a lent object; left out: no limit. */
  timeout?: number;
}

/** How to open the file behind another process's descriptor. */
export interface DescriptorReference {
  path: string;
  /** As `open(2)` has them. */
  flags: number;
}

/** Which properties are mirrored. */
export interface MirrorRequest {
  /** `own`: the own data properties that are public. */
  names: 'own' | 'none' | string[];
  /** Bytes that one flush may compare and send. */
  limit: number;
}

/** Where the child finds the module. */
export type ModuleReference =
  /** A complete URL. */
  | { url: string }
  /** A bare specifier, resolved as an `import` in the file `referrer` would be. */
  | { specifier: string; referrer: string };

/** How the child knows which export is the class. */
export interface WantedClass {
  /** Empty for an anonymous class. */
  name: string;
  /** The class's source text, as `Function.prototype.toString` gives it. Left out where the parent has not loaded the class. */
  source?: string;
  /** The names of its members and base classes. Left out where the text is. */
  shape?: string;
  /** The user has named the module: an export of the same name will do, though text and shape differ, as they do in a bundle. */
  isModuleNamed?: true;
  /** Which export is the class, as the user has named it: `Sorter`, `default`, `api.Sorter`. */
  exportName?: string;
}

/** What the agent's `constructor` returns: all that the parent knows of the instance. */
export interface InstanceDescription {
  /** Every name that can be called. */
  methods: string[];
  /** Properties that are never mirrored, each with the reason. */
  unmirrored: [name: string, reason: string][];
  /** Whether the instance has `Symbol.asyncDispose` or `Symbol.dispose`. */
  disposable: boolean;
  /** Whether it has `on`, `off` and `emit`. */
  emitter: boolean;
}
