import type { Channel, Handle } from '../channel/channel.js';
import type { Codec } from '../codec/codec.js';
import { describeReason, ProtocolError } from '../errors.js';
import type {
  CallbackInvoke,
  CallbackResult,
  CallInvoke,
  CallResult,
  Coded,
  HandleReceived,
  HandleTransfer,
  Message,
} from '../protocol.js';
import type { SideStats } from '../types/stats.js';
import type { CallbackControl, Callbacks } from './callbacks.js';
import { Calls, type CallOptions, type CallTarget, type Reason } from './calls.js';
import type { Handles } from './handles.js';
import { findMalformedField, isOurs } from './message-shape.js';
import { Outbox } from './outbox.js';
import { unwritable, type Send } from './send.js';
import { Server } from './serve.js';

type OwnMessage = CallInvoke | CallResult | CallbackInvoke | CallbackResult | CallbackControl;

/** One handler for each type of message that the session leaves to its owner. */
export type Handlers = {
  [T in Exclude<Message, OwnMessage | HandleTransfer | HandleReceived>['type']]?: (
    message: Extract<Message, { type: T }>,
  ) => void;
};

/** Runs a method for the other side. What it returns, resolves to or throws is the answer. */
export type Run = (target: 'instance' | 'agent', method: string, args: unknown[]) => unknown;

export interface SessionOptions {
  channel: Channel;
  /** Whoever encodes sends at once: see `handles`. */
  codec: Codec;
  /** Where handles wait that `codec` has met. */
  handles?: Handles | undefined;
  /** Runs what the other side calls. Without it a call from there is a violation. */
  run?: Run;
  /** Why a call cannot be made just now. */
  refuse?(method: string): Error | undefined;
  /** What is done with the other messages. One without a handler is a violation. */
  handlers?: Handlers;
  /** Called before each answer to a call is sent. */
  beforeAnswer?(): void;
  /** Called after each message. */
  afterMessage?(): void;
  /** The other side broke the protocol; nothing more is read from it. */
  onViolation(error: ProtocolError): void;
  /** Called when the first call opens and when the last one is settled. */
  onBusy?(busy: boolean): void;
}

/**
 * One end of the conversation between two processes; both ends are of this class. It routes each message to
 * the part that it concerns. The parts get a narrow `send` and know nothing of each other.
 */
export class Session {
  readonly #channel: Channel;
  readonly #outbox: Outbox;
  readonly #calls: Calls;
  readonly #server: Server;
  readonly #options: SessionOptions;
  #callbacks: Callbacks | undefined;
  #received = 0;
  #sent = 0;
  /** Why functions of the other side cannot be called any more. */
  #over: Reason | undefined;
  #violated = false;

  constructor(options: SessionOptions) {
    const { channel, codec } = options;
    this.#options = options;
    this.#channel = channel;
    this.#outbox = new Outbox({
      write: (message, method) => this.#write(message, method),
      collect: (callback) => this.#functions().collect(callback),
    });
    const send: Send = (...message) => this.#outbox.send(...message);
    this.#server = new Server({ codec, send, beforeAnswer: () => options.beforeAnswer?.() });
    this.#calls = new Calls({
      codec,
      send,
      refuse: (method) => options.refuse?.(method),
      received: () => this.#received,
      onBusy: (busy) => options.onBusy?.(busy),
    });
    channel.onMessage((message, handle) => this.#receive(message, handle));
  }

  /** How many messages have arrived so far. */
  get received(): number {
    return this.#received;
  }

  /** Functions cross from now on. */
  useCallbacks(callbacks: Callbacks): void {
    this.#callbacks = callbacks;
    callbacks.attach({
      open: (target, name, args, options, settle) => {
        if (this.#over) settle.reject(this.#over(name));
        else this.#calls.open(target, name, args, options, settle);
      },
      send: (message) => this.send(message),
      nextId: () => this.#calls.nextId(),
      sent: () => this.#sent,
      isOver: () => this.#over !== undefined,
    });
  }

  call(target: CallTarget, method: string, args: readonly unknown[], options: CallOptions): Promise<unknown> {
    return new Promise((resolve, reject) => this.#calls.open(target, method, args, options, { resolve, reject }));
  }

  /** Sends what holds values of the user's, in order with calls and answers. Never throws. */
  post(...message: Parameters<Send>): void {
    this.#outbox.send(...message);
  }

  /**
   * Sends at once what is no call and no answer and exports nothing, also where others wait.
   * @throws {SerializationError} when it is too large or too deep
   */
  send(message: Message): void {
    this.#write(message, message.type);
  }

  /** Rejects every open call with an error of its own; the session goes on. */
  rejectAll(reason: Reason): void {
    this.#over = reason;
    this.#calls.rejectAll(reason);
  }

  /** Rejects every open call and forgets all timers. The channel is its owner's to close. */
  close(reason: Reason): void {
    this.#over ??= reason;
    this.#outbox.close();
    this.#calls.close(reason);
    this.#callbacks?.close();
  }

  stats(): Omit<SideStats, 'subscriptions'> {
    const none = { exportedFunctions: 0, importedFunctions: 0 };
    return { pendingCalls: this.#calls.size, servedCalls: this.#server.size, ...(this.#callbacks?.stats ?? none) };
  }

  /** To be called for a violation that was seen elsewhere. */
  violate(error: unknown): void {
    if (this.#violated) return;
    this.#violated = true;
    const violation =
      error instanceof ProtocolError ? error : new ProtocolError(describeReason(error), { cause: error });
    this.#options.onViolation(violation);
  }

  #write(message: Message, method: string): void {
    try {
      this.#options.handles?.sendAll(this.#channel);
      this.#channel.send(message);
      this.#sent++;
    } catch (error) {
      this.#callbacks?.takeBack((message as { coded?: Coded }).coded);
      throw unwritable(message, method, error);
    }
  }

  #receive(message: unknown, handle: Handle | undefined): void {
    if (this.#violated || !isOurs(message)) return;
    this.#received++;
    try {
      const field = findMalformedField(message);
      if (field !== undefined) throw new ProtocolError(`The field ${field} of a ${message.type} is malformed.`);
      this.#route(message as Message, handle);
      this.#options.afterMessage?.();
    } catch (error) {
      this.violate(error);
    }
  }

  #route(message: Message, handle: Handle | undefined): void {
    if (message.type === 'handle-transfer') return this.#takeHandle(message.handleId, handle);
    if (message.type === 'handle-received') return this.#handles().confirm(message.handleId);
    const { coded } = message as { coded?: Coded };
    this.#callbacks?.arrive(coded);
    try {
      this.#dispatch(message);
    } finally {
      this.#options.handles?.closeUnclaimed();
      this.#callbacks?.settle(coded);
    }
  }

  #takeHandle(handleId: number, handle: Handle | undefined): void {
    this.#handles().receive(handleId, handle);
    this.send({ type: 'handle-received', handleId });
  }

  #handles(): Handles {
    if (!this.#options.handles) throw new ProtocolError('A handle arrived where none is taken.');
    return this.#options.handles;
  }

  #functions(): Callbacks {
    if (!this.#callbacks) throw new ProtocolError('A message about functions arrived where none are taken.');
    return this.#callbacks;
  }

  #dispatch(message: Exclude<Message, HandleTransfer | HandleReceived>): void {
    switch (message.type) {
      case 'call-result':
      case 'callback-result':
        return this.#calls.settle(message);
      case 'call-invoke':
        return this.#serveCall(message);
      case 'callback-invoke':
        return this.#serveCallback(message);
      case 'callback-cleanup':
      case 'callback-release':
      case 'callback-collect':
      case 'callback-collected':
        return this.#functions().receive(message);
      default: {
        const handle = this.#options.handlers?.[message.type] as ((message: Message) => void) | undefined;
        if (!handle) throw new ProtocolError(`A message of type ${message.type} arrived where none is taken.`);
        handle(message);
      }
    }
  }

  #serveCall({ callId, target, method, args, coded }: CallInvoke): void {
    const { run } = this.#options;
    if (!run) throw new ProtocolError('A call arrived where none is taken.');
    const head = { type: 'call-result', callId } as const;
    this.#server.serve({ head, method, args, coded, run: (values) => run(target ?? 'instance', method, values) });
  }

  #serveCallback({ callbackId, invokeId, args, coded }: CallbackInvoke): void {
    const callbacks = this.#functions();
    const exported = callbacks.find(callbackId);
    const head = { type: 'callback-result', invokeId } as const;
    const method = exported.name || 'callback';
    this.#server.serve({ head, method, args, coded, run: (values) => callbacks.run(exported, values) });
  }
}
