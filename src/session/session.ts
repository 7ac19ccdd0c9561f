import type { Channel } from '../channel/channel.js';
import { encodeThrown, type Codec } from '../codec/codec.js';
import { ProtocolError, SerializationError } from '../errors.js';
import type { ChildFatal, Message } from '../protocol.js';
import type { SideStats } from '../types/stats.js';
import { Calls, type CallOptions, type CallTarget } from './calls.js';
import { findMalformedField, isOurs } from './message-shape.js';
import type { Send } from './send.js';
import { Server, type Run } from './serve.js';

export interface SessionOptions {
  channel: Channel;
  codec: Codec;
  /** Runs what the other side calls. Without it a call from there is a violation. */
  run?: Run;
  /** The last words of the other side. */
  onFatal?(error: unknown): void;
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
    this.#server = run && new Server({ codec, send, run });
    this.#calls = new Calls({
      codec,
      send,
      received: () => this.#received,
      onBusy: (busy) => options.onBusy?.(busy),
    });
    channel.onMessage((message) => this.#receive(message));
  }

  call(target: CallTarget, method: string, args: readonly unknown[], options: CallOptions): Promise<unknown> {
    return this.#calls.invoke(target, method, args, options);
  }

  /** Tells the other side why this one is about to end. */
  sendFatal(error: unknown): void {
    const { wire, coded } = encodeThrown(this.#options.codec, error);
    const message: ChildFatal = { type: 'child-fatal', error: wire };
    if (coded) message.coded = true;
    this.#channel.send(message);
  }

  /** Rejects every open call with an error of its own; the session goes on. */
  rejectAll(reason: () => Error): void {
    this.#calls.rejectAll(reason);
  }

  /** Rejects every open call and forgets all timers. The channel is its owner's to close. */
  close(reason: () => Error): void {
    this.#calls.close(reason);
  }

  stats(): SideStats {
    return { pendingCalls: this.#calls.size, servedCalls: this.#server?.size ?? 0 };
  }

  #send(message: Message, method: string): void {
    try {
      this.#channel.send(message);
    } catch (error) {
      const root = message.type === 'call-invoke' ? 'args' : 'result';
      const reason = error instanceof Error ? error.message : String(error);
      throw new SerializationError(
        `${method}(): ${root} could not be written as one message (${reason}). Send it in smaller parts.`,
        root,
        { cause: error },
      );
    }
  }

  #receive(message: unknown): void {
    if (this.#violated || !isOurs(message)) return;
    this.#received++;
    try {
      const field = findMalformedField(message);
      if (field !== undefined) throw new ProtocolError(`The field ${field} of a ${message.type} is malformed.`);
      this.#route(message as Message);
    } catch (error) {
      this.#violated = true;
      const violation = error instanceof ProtocolError ? error : new ProtocolError(String(error), { cause: error });
      this.#options.onViolation(violation);
    }
  }

  #route(message: Message): void {
    switch (message.type) {
      case 'call-invoke':
        if (!this.#server) throw new ProtocolError('A call arrived where none is taken.');
        return this.#server.serve(message);
      case 'call-result':
        return this.#calls.settle(message);
      case 'child-fatal':
        return this.#options.onFatal?.(message.coded ? this.#options.codec.decode(message.error) : message.error);
    }
  }
}
