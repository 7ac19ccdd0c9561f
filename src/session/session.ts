import type { Channel, Handle } from '../channel/channel.js';
import type { Codec } from '../codec/codec.js';
import { describeReason, ProtocolError, SerializationError } from '../errors.js';
import type { HandleReceived, HandleTransfer, Message } from '../protocol.js';
import type { SideStats } from '../types/stats.js';
import { Calls, type CallOptions, type CallTarget, type Reason } from './calls.js';
import type { Handles } from './handles.js';
import { findMalformedField, isOurs } from './message-shape.js';
import type { Send } from './send.js';
import { Server, type Run } from './serve.js';

/** One handler for each type of message. */
export type Handlers = {
  [T in Exclude<Message['type'], 'call-invoke' | 'call-result' | 'handle-transfer' | 'handle-received'>]?: (
    message: Extract<Message, { type: T }>,
  ) => void;
};

export interface SessionOptions {
  channel: Channel;
  /** Whoever encodes sends at once: see `handles`. */
  codec: Codec;
  /** Where handles wait that `codec` has met. */
  handles?: Handles | undefined;
  /** Runs what the other side calls. Without it a call from there is a violation. */
  run?: Run;
  /** What is done with the messages that are neither calls nor results. One without a handler is a violation. */
  handlers?: Handlers;
  /** Called before each answer to a call is sent. */
  beforeAnswer?(): void;
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
  readonly #calls: Calls;
  readonly #server: Server | undefined;
  readonly #options: SessionOptions;
  #received = 0;
  #violated = false;

  constructor(options: SessionOptions) {
    const { channel, codec, run } = options;
    const send: Send = (message, method) => this.#send(message, method);
    this.#options = options;
    this.#channel = channel;
    this.#server = run && new Server({ codec, send, run, beforeAnswer: () => options.beforeAnswer?.() });
    this.#calls = new Calls({
      codec,
      send,
      received: () => this.#received,
      onBusy: (busy) => options.onBusy?.(busy),
    });
    channel.onMessage((message, handle) => this.#receive(message, handle));
  }

  call(target: CallTarget, method: string, args: readonly unknown[], options: CallOptions): Promise<unknown> {
    return this.#calls.invoke(target, method, args, options);
  }

  /**
   * Sends what is neither a call nor a result.
   * @throws {SerializationError} when it is too large or too deep
   */
  send(message: Message): void {
    this.#send(message, message.type);
  }

  /** Rejects every open call with an error of its own; the session goes on. */
  rejectAll(reason: Reason): void {
    this.#calls.rejectAll(reason);
  }

  /** Rejects every open call and forgets all timers. The channel is its owner's to close. */
  close(reason: Reason): void {
    this.#calls.close(reason);
  }

  stats(): Pick<SideStats, 'pendingCalls' | 'servedCalls'> {
    return { pendingCalls: this.#calls.size, servedCalls: this.#server?.size ?? 0 };
  }

  #send(message: Message, method: string): void {
    try {
      this.#options.handles?.sendAll(this.#channel);
      this.#channel.send(message);
    } catch (error) {
      const root = message.type === 'call-result' ? 'result' : 'args';
      throw new SerializationError(
        `${method}(): ${root} could not be written as one message (${describeReason(error)}). Send it in smaller parts.`,
        root,
        { cause: error },
      );
    }
  }

  #receive(message: unknown, handle: Handle | undefined): void {
    if (this.#violated || !isOurs(message)) return;
    this.#received++;
    try {
      const field = findMalformedField(message);
      if (field !== undefined) throw new ProtocolError(`The field ${field} of a ${message.type} is malformed.`);
      this.#route(message as Message, handle);
    } catch (error) {
      this.#violated = true;
      const violation =
        error instanceof ProtocolError ? error : new ProtocolError(describeReason(error), { cause: error });
      this.#options.onViolation(violation);
    }
  }

  #route(message: Message, handle: Handle | undefined): void {
    if (message.type === 'handle-transfer') return this.#takeHandle(message.handleId, handle);
    if (message.type === 'handle-received') return this.#handles().confirm(message.handleId);
    try {
      this.#dispatch(message);
    } finally {
      this.#options.handles?.closeUnclaimed();
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

  #dispatch(message: Exclude<Message, HandleTransfer | HandleReceived>): void {
    if (message.type === 'call-result') return this.#calls.settle(message);
    if (message.type === 'call-invoke') {
      if (!this.#server) throw new ProtocolError('A call arrived where none is taken.');
      return this.#server.serve(message);
    }
    const handle = this.#options.handlers?.[message.type] as ((message: Message) => void) | undefined;
    if (!handle) throw new ProtocolError(`A message of type ${message.type} arrived where none is taken.`);
    handle(message);
  }
}
