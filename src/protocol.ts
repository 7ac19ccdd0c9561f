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

/** Asks the other side to run a method. Answered by exactly one {@link CallResult} with the same `callId`. */
export interface CallInvoke {
  type: 'call-invoke';
  /** Counts up from 1 on each side. */
  callId: number;
  /** Whose method it is: the user's instance when left out, else the agent that keeps the instance. */
  target?: 'agent';
  method: string;
  args: Wire[];
  coded?: true;
}

export interface CallSuccess {
  type: 'call-result';
  callId: number;
  result: 'success';
  /** Left out when the method returned `undefined`. */
  value?: Wire;
  coded?: true;
}

export interface CallFailure {
  type: 'call-result';
  callId: number;
  result: 'error';
  /** Left out when the thrown value was `undefined`. */
  error?: Wire;
  coded?: true;
}

export type CallResult = CallSuccess | CallFailure;

/** The last words of a child: the uncaught error that is about to end it. */
export interface ChildFatal {
  type: 'child-fatal';
  error?: Wire;
  coded?: true;
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
  coded?: true;
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
  coded?: true;
}

/** Brings one handle, attached by the channel, just before the message that holds its descriptor. */
export interface HandleTransfer {
  type: 'handle-transfer';
  handleId: number;
}

/** Confirms that it arrived: the sender may close its own. */
export interface HandleReceived {
  type: 'handle-received';
  handleId: number;
}

/** An event that could not be subscribed to or forwarded, and why. */
export interface EventFailed {
  type: 'event-failed';
  event: EventName;
  error: Wire;
  coded?: true;
}

/** A symbol has no meaning in another process: `key` is that of `Symbol.for`, `description` finds it in the class's module. */
export type EventName = string | { key: string } | { description: string };

export type Message =
  | CallInvoke
  | CallResult
  | ChildFatal
  | PropertyUpdate
  | EventSubscribe
  | EventUnsubscribe
  | EventUnsubscribed
  | EventEmit
  | EventFailed
  | HandleTransfer
  | HandleReceived;

/** `{ __procxy_type: 'error', value: … }`: written and read by the transfer handler of that name. */
export interface Descriptor {
  __procxy_type: string;
  value?: Wire;
}

/** The argument of the agent's `import`, the first call of all. Its `constructor` follows, with the user's arguments. */
export interface LoadRequest {
  protocol: ProtocolVersion;
  module: ModuleReference;
  class: ClassReference;
  serialization: SerializationMode;
  supportHandles: boolean;
  mirror: MirrorRequest;
  /** ms that the instance's dispose hook may take once the parent is gone. */
  terminateTimeout: number;
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
export interface ClassReference {
  name: string;
  /** The class's source text, as `Function.prototype.toString` gives it. */
  source: string;
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
