/**
 * Every message that crosses between the two processes. Types only: nothing here exists at run time.
 *
 * The channel carries plain data. What plain data cannot express stands in it as a descriptor: an object
 * with a key that begins with `__procxy_`. A user's own object with such a key is wrapped in an `escaped`
 * descriptor, so that data can never be taken for a descriptor. A message that holds a descriptor anywhere
 * says so with `coded: true`; without it the receiver takes the values as they are.
 */

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

export type Message = CallInvoke | CallResult | ChildFatal;

/** `{ __procxy_type: 'error', value: … }`: written and read by the transfer handler of that name. */
export interface Descriptor {
  __procxy_type: string;
  value?: Wire;
}

/** The argument of the agent's `load`, the first call of all. Its `constructor` follows at once, with the user's arguments. */
export interface LoadRequest {
  protocol: ProtocolVersion;
  module: ModuleReference;
  class: ClassReference;
  /** ms that the instance's dispose hook may take once the parent is gone. */
  terminateTimeout: number;
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
  /** Whether the instance has `Symbol.asyncDispose` or `Symbol.dispose`. */
  disposable: boolean;
}
