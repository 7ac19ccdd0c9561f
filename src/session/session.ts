import type { Channel } from '../channel/channel.js';
import type { Codec } from '../codec/codec.js';
import { ProtocolError } from '../errors.js';
import type { CallInvoke, Coded, Message } from '../protocol.js';
import type { SideStats } from '../types/stats.js';
import { Batcher, unasked } from './wire/batcher.js';
import { BusyPoll } from './wire/busy-poll.js';
import { Calls, type CallOptions, type CallTarget, type ErrorFactory } from './calls/calls.js';
import { Inbox, type Arrival } from './wire/inbox.js';
import { Outbox } from './wire/outbox.js';
import type { Accounts, Handlers, SessionPart } from './part.js';
import { RemoteResult } from './calls/remote-result.js';
import { isLive, unwritable, type Parcel, type Send } from './wire/parcel.js';
import { Server } from './calls/serve.js';

/** Runs a method for the other side. What it returns, resolves to or throws is the answer. */
export type Run = (target: 'instance' | 'agent', method: string, args: unknown[]) => unknown;

export interface SessionOptions {
  channel: Channel;
  codec: Codec;
  /** Runs what the other side calls. Without it a call from there is a violation. */
  run?: Run;
  /** Why a call cannot be made just now. */
  refuse?(method: string): Error | undefined;
  /** What is done with messages that belong to no part. One without a handler is a violation. */
  handlers?: Handlers;
  /** What the other side is to know before anything else: asked for each time that something is written. */
  preface?(): Message | undefined;
  /** The other side broke the protocol; nothing more is read from it. */
  onViolation(error: ProtocolError): void;
  /** Called when the first call opens and when the last one is settled. */
  onBusy?(busy: boolean): void;
}

/**
 * One end of the conversation between two processes; both ends are of this class. It routes each message to
 * the part that it concerns. The parts get a narrow `send` and know nothing of each other.
 */
export class Session implements Accounts {
  /** What arrives. */
  readonly inbox: Inbox;
  readonly #outbox: Outbox;
  readonly #batcher: Batcher;
  readonly #calls: Calls;
  readonly #server: Server;
  readonly #options: SessionOptions;
  readonly #parts: SessionPart[] = [];
  /** Few parts look at each message. */
  readonly #beforeWrite: (() => boolean)[] = [];
  readonly #afterMessage: ((message: Message) => void)[] = [];
  readonly #handlers: Handlers;
  /** Why functions of the other side cannot be called any more. */
  #over: ErrorFactory | undefined;
  #busyPoll: BusyPoll | undefined;

  constructor(options: SessionOptions) {
    const { channel, codec } = options;
    this.#options = options;
    this.#batcher = new Batcher({
      channel,
      preface: () => options.preface?.(),
      onUnwritable: (message, parcel, error) => {
        this.takeBack((message as { coded?: Coded }).coded);
        parcel.failed(unwritable(message, parcel.method, error));
      },
    });
    this.#outbox = new Outbox({
      write: (message, parcel) => this.#write(message, parcel),
      makeRoom: (done) => this.#makeRoom(done),
    });
    this.#handlers = {
      'call-invoke': (message) => this.#serveCall(message),
      'call-result': (message) => this.#calls.settle(message),
      'callback-result': (message) => this.#calls.settle(message),
      ...options.handlers,
    };
    const send: Send = (parcel) => this.#outbox.send(parcel);
    this.#server = new Server({ codec, send });
    this.#calls = new Calls({
      codec,
      send,
      refuse: (method) => options.refuse?.(method),
      received: () => this.inbox.received,
      onBusy: (busy) => options.onBusy?.(busy),
    });
    this.inbox = new Inbox({
      dispatch: (message, arrival) => this.#dispatch(message, arrival),
      arrive: (coded) => this.arrive(coded),
      account: (coded) => this.account(coded),
      afterMessage: (message) => {
        for (const look of this.#afterMessage) look(message);
      },
      onViolation: (error) => options.onViolation(error),
    });
    channel.onMessage((message, handle) => {
      if (typeof message !== 'object' || message === null) return;
      this.#batcher.startTurn();
      this.#busyPoll?.keepAwake();
      this.inbox.receive(message, handle);
    });
  }

  /** Adds a part: what it carries crosses from now on. */
  use(part: SessionPart): void {
    this.#parts.push(part);
    Object.assign(this.#handlers, part.handlers);
    if (part.beforeWrite) this.#beforeWrite.push(part.beforeWrite.bind(part));
    if (part.afterMessage) this.#afterMessage.push(part.afterMessage.bind(part));
    part.attach({
      arrive: (coded) => this.arrive(coded),
      account: (coded) => this.account(coded),
      takeBack: (coded) => this.takeBack(coded),
      codec: this.#options.codec,
      sendValue: (build, method, failed) => this.#outbox.send({ build, method, failed }),
      sendControl: (message) => this.sendControl(message),
      sendHandle: (message, handle) => this.#batcher.sendHandle(message, handle),
      open: (target, name, args, options, settle) => {
        if (this.#over) settle.reject(this.#over(name));
        else this.#calls.open(target, name, args, options, settle);
      },
      serve: (...request) => this.#server.serve(...request),
      nextId: () => this.#calls.nextId(),
      flush: () => this.flush(),
      sent: () => this.#batcher.sent,
      keepUnwritten: (log) => (this.#batcher.log = log),
      isOver: () => this.#over !== undefined,
    });
  }

  arrive(coded: Coded | undefined): void {
    if (coded) for (const part of this.#parts) part.arrive?.(coded);
  }

  account(coded: Coded | undefined): void {
    if (coded) for (const part of this.#parts) part.account?.(coded);
  }

  takeBack(coded: Coded | undefined): void {
    if (coded) for (const part of this.#parts) part.takeBack?.(coded);
  }

  call(target: CallTarget, method: string, args: readonly unknown[], options: CallOptions): RemoteResult<unknown> {
    const { observe } = options;
    return new RemoteResult((resolve, reject) => {
      const settle = { resolve, reject };
      this.#calls.open(target, method, args, options, observe ? observe(settle) : settle);
    });
  }

  /** Sends what holds values of the user's, in order with calls and answers. Never throws. */
  sendValue(parcel: Parcel): void {
    this.#outbox.send(parcel);
  }

  /** Sends what is no call and no answer and exports nothing, also where others wait for room. What is too large or too deep is dropped. */
  sendControl(message: Message): void {
    this.#write(message, unasked);
  }

  /** The other side reads batches: what is sent in a burst may be held back until the end of the turn. */
  enableBatches(): void {
    this.#batcher.enabled = true;
  }

  /** This process ends with this turn: what is held back is written, and nothing is held back any more. */
  disableBatches(): void {
    this.flush();
    this.#batcher.enabled = false;
  }

  /** From now on the event loop stays awake after each message, for so many µs. */
  setBusyPoll(duration: number): void {
    if (duration > 0) this.#busyPoll = new BusyPoll(duration);
  }

  /** To be called for a message that came or went by another way, where more may follow. */
  keepAwake(): void {
    this.#busyPoll?.keepAwake();
  }

  /** Writes what is held back. */
  flush(): void {
    this.#batcher.flush();
  }

  /** Rejects every open call with an error of its own; the session goes on. */
  rejectAll(reason: ErrorFactory): void {
    this.#over ??= reason;
    this.#calls.rejectAll(reason);
    for (const part of this.#parts) part.end?.(reason);
  }

  /** Rejects every open call and forgets all timers. The channel is its owner's to close. */
  close(reason: ErrorFactory): void {
    this.#over ??= reason;
    this.#outbox.close();
    this.#batcher.close();
    this.#calls.close(reason);
    for (const part of this.#parts) part.end?.(reason);
    for (const part of this.#parts) part.close?.();
  }

  stats(): Omit<SideStats, 'subscriptions'> {
    const counts = { pendingCalls: this.#calls.size, servedCalls: this.#server.size };
    return Object.assign(
      { ...counts, exportedFunctions: 0, importedFunctions: 0, openStreams: 0 },
      ...this.#parts.map(({ stats }) => stats),
    );
  }

  #write(message: Message, parcel: Parcel): void {
    this.#busyPoll?.keepAwake();
    let mustFollow = false;
    for (const send of this.#beforeWrite) mustFollow = send() || mustFollow;
    if (mustFollow || isLive(message)) this.#batcher.sendNow(message, parcel);
    else this.#batcher.send(message, parcel);
  }

  #makeRoom(done: () => void): void {
    const part = this.#parts.find(({ makeRoom }) => makeRoom);
    if (part?.makeRoom) part.makeRoom(done);
    else done();
  }

  #dispatch(message: Message, arrival: Arrival): void {
    const handler = this.#handlers[message.type] as ((message: Message, arrival: Arrival) => void) | undefined;
    if (!handler) throw new ProtocolError(`A message of type ${message.type} arrived where none is taken.`);
    handler(message, arrival);
  }

  #serveCall({ callId, target, method, args, coded }: CallInvoke): void {
    const { run } = this.#options;
    if (!run) throw new ProtocolError('A call arrived where none is taken.');
    const head = { type: 'call-result', callId } as const;
    this.#server.serve(head, method, args, coded, (values) => run(target ?? 'instance', method, values));
  }
}
