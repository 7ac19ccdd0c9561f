import type { Channel } from '../channel/channel.js';
import type { Codec } from '../codec/codec.js';
import { markRan, ProtocolError } from '../errors.js';
import { instrumentation, type DescribedCall } from '../instrumentation.js';
import type { CallInvoke, Coded, Message } from '../protocol.js';
import type { SideStats } from '../types/stats.js';
import { Calls } from './calls/calls.js';
import { ClientSpans } from './calls/client-spans.js';
import type { CallOptions, CallTarget, ErrorFactory, OpenCall, Settle } from './calls/open-call.js';
import { Inbox, type Arrival } from './wire/inbox.js';
import { Sending } from './wire/sending.js';
import type { Accounts, Handlers, SessionPart } from './part.js';
import { Parts } from './parts.js';
import { RemoteResult } from './calls/remote-result.js';
import type { Parcel } from './wire/parcel.js';
import { Server } from './calls/serve.js';
import { serveInSpan } from './calls/server-span.js';

/** Runs a method for the other side. Its result or error is the answer. */
export type Run = (target: 'instance' | 'agent' | 'symbol', method: string, args: unknown[]) => unknown;

export interface SessionOptions {
  channel: Channel;
  codec: Codec;
  /** Runs the other side's calls. Without it, a call is a protocol violation. */
  run?: Run;
  /** Handlers for messages that belong to no part. A message without a handler is a protocol violation. */
  handlers?: Handlers;
  /** The class of the instance, for spans. Absent if there is no instance. */
  className?(): string | undefined;
  /** Returns a message to write first, if there is one. Called before each write. */
  preface?(): Message | undefined;
  /** The other side broke the protocol. Nothing more is read from it. */
  onViolation(error: ProtocolError): void;
  /** Called when the first call opens and when the last one settles. */
  onBusy?(busy: boolean): void;
}

/**
 * One end of the conversation between two processes. Both ends use this class. It routes each message to its part. The parts
 * see only a {@link SessionApi}, and do not know each other.
 */
export class Session implements Accounts {
  readonly inbox: Inbox;
  readonly #sending: Sending;
  readonly #calls: Calls;
  readonly #spans = new ClientSpans();
  readonly #server: Server;
  readonly #options: SessionOptions;
  readonly #parts = new Parts();
  readonly #handlers: Handlers;
  /** Set when the session is over: why functions of the other side can no longer be called. */
  #over: ErrorFactory | undefined;

  constructor(options: SessionOptions) {
    const { channel, codec } = options;
    this.#options = options;
    this.#sending = new Sending({
      channel,
      codec,
      preface: options.preface,
      beforeWrite: () => this.#parts.beforeWrite(),
      afterWrite: () => this.#parts.afterWrite(),
      takeBack: (coded) => this.takeBack(coded),
      makeRoom: (done) => this.#parts.makeRoom(done),
    });
    this.#handlers = {
      'call-invoke': (message) => this.#serveCall(message),
      'call-result': (message) => this.#calls.settle(message),
      'callback-result': (message) => this.#calls.settle(message),
      'messages-watched': () => this.#sending.writeForReaders(),
      ...options.handlers,
    };
    const send = this.#sending.sendValue;
    this.#server = new Server({ codec, send });
    this.#calls = new Calls({
      codec,
      send,
      refuse: (method) => this.#parts.refuse(method),
      received: () => this.inbox.received,
      leavesLater: channel.leavesLater === true,
      onBusy: (busy) => options.onBusy?.(busy),
      whenClosed: (streams, done) => this.#parts.whenClosed(streams, done),
    });
    this.inbox = new Inbox({
      dispatch: (message, arrival) => this.#dispatch(message, arrival),
      awaits: (coded) => this.#parts.awaits(coded),
      arrive: (coded) => this.arrive(coded),
      account: (coded) => this.account(coded),
      afterMessage: (message) => this.#parts.afterMessage(message),
      onViolation: (error) => options.onViolation(error),
    });
    channel.onMessage((message, handle) => {
      if (typeof message !== 'object' || message === null) return;
      this.#sending.startTurn();
      this.inbox.receive(message, handle);
    });
  }

  /** Adds a part. What it carries may cross from now on. */
  use(part: SessionPart): void {
    this.#parts.add(part);
    Object.assign(this.#handlers, part.handlers);
    const sending = this.#sending;
    part.attach({
      arrive: (coded) => this.arrive(coded),
      account: (coded) => this.account(coded),
      takeBack: (coded) => this.takeBack(coded),
      codec: this.#options.codec,
      inbox: this.inbox,
      server: this.#server,
      sendValue: sending.sendValue,
      sendAtOnce: (parcel, write) => this.#parts.offChannel(() => sending.sendAtOnce(parcel, write)),
      sendControl: (message) => sending.sendControl(message),
      sendHandle: (message, handle) => sending.sendHandle(message, handle),
      open: (target, name, args, options, settle) => {
        if (this.#over) settle.reject(markRan(this.#over(name), 'no'));
        else this.open(target, name, args, options, settle);
      },
      nextId: () => this.#calls.nextId(),
      flush: () => sending.flush(),
      sent: () => sending.sent,
      keepUnwritten: (log) => {
        // Messages may travel on another way from now on, and bytes cannot be sent while this process blocks.
        this.#parts.leaveChannel();
        sending.keepUnwritten(log);
      },
      keepAwake: () => sending.keepAwake(),
      isOver: () => this.#over !== undefined,
    });
  }

  arrive(coded: Coded | undefined): void {
    this.#parts.arrive(coded);
  }

  account(coded: Coded | undefined): void {
    this.#parts.account(coded);
  }

  takeBack(coded: Coded | undefined): void {
    this.#parts.takeBack(coded);
  }

  call(target: CallTarget, method: string, args: readonly unknown[], options: CallOptions): RemoteResult<unknown> {
    return new RemoteResult((resolve, reject) => void this.open(target, method, args, options, { resolve, reject }));
  }

  /** The same for a caller that has a promise already. */
  open(
    target: CallTarget,
    method: string,
    args: readonly unknown[],
    options: CallOptions,
    settle: Settle,
  ): OpenCall | undefined {
    const { current } = instrumentation;
    if (!current || target === 'agent') return this.#calls.open(target, method, args, options, settle);
    const span = current.client(this.#describe(target, method));
    return this.#spans.open(span, this.#calls, target, method, args, options, settle);
  }

  /** Sends a message in order with all others that carry user values, such as calls and answers. Never throws. */
  sendValue(parcel: Parcel): void {
    this.#sending.sendValue(parcel);
  }

  /** Sends a message with a user value ahead of messages that wait for room. Never throws. */
  sendAtOnce(parcel: Parcel): void {
    this.#sending.sendAtOnce(parcel);
  }

  /** Sends a message without user values, ahead of messages that wait for room. */
  sendControl(message: Message): void {
    this.#sending.sendControl(message);
  }

  /** The other side reads batches: from now on, messages of a burst may be held back until the end of the turn. */
  enableBatches(): void {
    this.#sending.enableBatches();
  }

  /** Writes messages that are held back and holds none back any more, since this process ends with this turn. */
  disableBatches(): void {
    this.#sending.disableBatches();
  }

  /** Keeps the event loop awake for `duration` µs after each message. */
  setBusyPoll(duration: number): void {
    this.#sending.setBusyPoll(duration);
  }

  /** Writes messages that are held back. */
  flush(): void {
    this.#sending.flush();
  }

  /** Rejects every open call with its own error. The session goes on. */
  rejectAll(reason: ErrorFactory): void {
    this.#over ??= reason;
    this.#calls.rejectAll(reason);
    this.#parts.end(reason);
    this.#spans.end(reason);
  }

  /** Rejects every open call and clears all timers. The channel's owner closes the channel. */
  close(reason: ErrorFactory): void {
    this.#over ??= reason;
    this.#sending.close();
    this.#calls.close(reason);
    this.#parts.end(reason);
    this.#parts.close();
    this.inbox.close();
    this.#spans.end(reason);
  }

  /** Takes time for each reference that is held: it counts them by class. */
  stats(): SideStats {
    return { pendingCalls: this.#calls.size, servedCalls: this.servedCalls, ...this.#parts.stats };
  }

  /** How many calls of the other side are running. */
  get servedCalls(): number {
    return this.#server.size;
  }

  #describe(target: CallTarget, method: string): DescribedCall {
    if (typeof target === 'string') return { className: this.#options.className?.(), method };
    return { className: target.type === 'reference' ? target.className : undefined, method };
  }

  #dispatch(message: Message, arrival: Arrival): void {
    const handler = this.#handlers[message.type] as ((message: Message, arrival: Arrival) => void) | undefined;
    if (!handler)
      throw new ProtocolError(`A message of type ${message.type} arrived, but this side does not accept it.`);
    handler(message, arrival);
  }

  #serveCall({ callId, target, method, args, coded, trace }: CallInvoke): void {
    const { run } = this.#options;
    if (!run) throw new ProtocolError('A call arrived, but this side does not accept calls.');
    const head = { type: 'call-result', callId } as const;
    const serve = (values: unknown[]): unknown => run(target ?? 'instance', method, values);
    if (target === 'agent' || !instrumentation.current) return this.#server.serve(head, method, args, coded, serve);
    const call = { className: this.#options.className?.(), method, trace, isTrusted: true };
    this.#server.serve(head, method, args, coded, (values) => serveInSpan(call, () => serve(values)));
  }
}
