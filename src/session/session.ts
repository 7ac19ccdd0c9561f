import type { Channel, Handle } from '../channel/channel.js';
import type { Codec } from '../codec/codec.js';
import { describeReason, ProtocolError } from '../errors.js';
import type { Batch, CallInvoke, Coded, HandleReceived, HandleTransfer, Message } from '../protocol.js';
import type { SideStats } from '../types/stats.js';
import { Batcher, unasked } from './wire/batcher.js';
import { BusyPoll } from './wire/busy-poll.js';
import { Calls, type CallOptions, type CallTarget, type ErrorFactory } from './calls/calls.js';
import type { Handles } from './handles.js';
import { findMalformedField, isOurs } from './wire/message-shape.js';
import { Outbox } from './wire/outbox.js';
import type { Accounts, Handlers, SessionPart } from './part.js';
import { RemoteResult } from './calls/remote-result.js';
import { readRows, type RowMessage } from './wire/rows.js';
import { isLive, unwritable, type Parcel, type Send } from './wire/parcel.js';
import { Server } from './calls/serve.js';

/** What comes by the data socket, besides bytes. */
const asideTypes = new Set<Message['type']>(['stream-data', 'stream-end']);

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
  /** What is done with messages that are no part's. One without a handler is a violation. */
  handlers?: Handlers;
  /** What the other side is to know before anything else: asked for each time that something is written. */
  preface?(): Message | undefined;
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
export class Session implements Accounts {
  readonly #channel: Channel;
  readonly #outbox: Outbox;
  readonly #batcher: Batcher;
  readonly #calls: Calls;
  readonly #server: Server;
  readonly #options: SessionOptions;
  readonly #parts: SessionPart[] = [];
  readonly #handlers: Handlers;
  /** How many messages the channel has brought, and how many have been taken: some came early, by another way. */
  #arrived = 0;
  #received = 0;
  /** Why functions of the other side cannot be called any more. */
  #over: ErrorFactory | undefined;
  #violated = false;
  #busyPoll: BusyPoll | undefined;

  constructor(options: SessionOptions) {
    const { channel, codec } = options;
    this.#options = options;
    this.#channel = channel;
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
      received: () => this.#received,
      onBusy: (busy) => options.onBusy?.(busy),
    });
    channel.onMessage((message, handle) => this.#receive(message, handle));
  }

  /** How many messages have arrived so far. */
  get received(): number {
    return this.#received;
  }

  /** Adds a part: what it carries crosses from now on. */
  use(part: SessionPart): void {
    this.#parts.push(part);
    Object.assign(this.#handlers, part.handlers);
    part.attach({
      arrive: (coded) => this.arrive(coded),
      account: (coded) => this.account(coded),
      takeBack: (coded) => this.takeBack(coded),
      codec: this.#options.codec,
      sendValue: (build, method, failed) => this.#outbox.send({ build, method, failed }),
      sendControl: (message) => this.sendControl(message),
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

  /** Takes messages that have come by another way before the channel brings them, as far as it has not done so. */
  receiveEarly(from: number, messages: readonly unknown[]): void {
    for (const message of messages.slice(Math.max(this.#received - from, 0))) {
      if (!isOurs(message)) throw new ProtocolError('What came early is no message.');
      this.#received++;
      this.#take(message, undefined);
    }
  }

  /** Takes what has come by another way than the channel: items of streams. */
  receiveAside(message: unknown): void {
    if (!isOurs(message) || !asideTypes.has(message.type)) {
      throw new ProtocolError('A message arrived on the data socket that belongs to the channel.');
    }
    if (!this.#violated) this.#take(message, undefined, true);
  }

  /** To be called for a violation that was seen elsewhere. */
  violate(error: unknown): void {
    if (this.#violated) return;
    this.#violated = true;
    const violation =
      error instanceof ProtocolError ? error : new ProtocolError(describeReason(error), { cause: error });
    this.#options.onViolation(violation);
  }

  #write(message: Message, parcel: Parcel): void {
    const { handles } = this.#options;
    this.#busyPoll?.keepAwake();
    if (handles?.isNeeded) {
      this.#batcher.flush();
      this.#batcher.sent += handles.sendAll(this.#channel, this.#batcher.log);
      this.#batcher.sendNow(message, parcel);
    } else if (isLive(message)) this.#batcher.sendNow(message, parcel);
    else this.#batcher.send(message, parcel);
  }

  #receive(message: unknown, handle: Handle | undefined): void {
    if (this.#violated || !isObject(message)) return;
    this.#batcher.startTurn();
    this.#busyPoll?.keepAwake();
    try {
      if (message.type === 'batch') this.#receiveBatch(message as Partial<Batch>);
      else if (isOurs(message)) this.#receiveOne(message, handle);
    } catch (error) {
      this.violate(error);
    }
  }

  #receiveBatch({ rows }: Partial<Batch>): void {
    if (!Array.isArray(rows)) throw new ProtocolError('The field rows of a batch is malformed.');
    readRows(rows, {
      message: (message) => {
        if (!isOurs(message)) throw new ProtocolError('A batch holds what is no message.');
        this.#receiveOne(message, undefined);
      },
      row: (message) => this.#receiveRow(message),
    });
  }

  #receiveOne(message: { type: Message['type'] }, handle: Handle | undefined): void {
    if (!this.#isNew()) return;
    this.#take(message, handle);
    this.#options.afterMessage?.();
  }

  #receiveRow(message: RowMessage): void {
    if (!this.#isNew()) return;
    this.#dispatch(message);
    this.#options.afterMessage?.();
  }

  /** Counts a message that the channel has brought; whether it had not come early. */
  #isNew(): boolean {
    if (this.#violated || this.#arrived++ < this.#received) return false;
    this.#received++;
    return true;
  }

  #take(message: { type: Message['type'] }, handle: Handle | undefined, aside = false): void {
    const field = findMalformedField(message);
    if (field !== undefined) throw new ProtocolError(`The field ${field} of a ${message.type} is malformed.`);
    this.#route(message as Message, handle, aside);
  }

  #route(message: Message, handle: Handle | undefined, aside: boolean): void {
    if (message.type === 'handle-transfer') return this.#takeHandle(message.handleId, handle);
    if (message.type === 'handle-received') return this.#handles().confirm(message.handleId);
    const { coded } = message as { coded?: Coded };
    this.arrive(coded);
    try {
      this.#dispatch(message);
    } finally {
      // Those that have come belong to the next message of the channel.
      if (!aside) this.#options.handles?.closeUnclaimed();
      this.account(coded);
    }
  }

  #takeHandle(handleId: number, handle: Handle | undefined): void {
    this.#handles().receive(handleId, handle);
    this.sendControl({ type: 'handle-received', handleId });
  }

  #handles(): Handles {
    if (!this.#options.handles) throw new ProtocolError('A handle arrived where none is taken.');
    return this.#options.handles;
  }

  #makeRoom(done: () => void): void {
    const part = this.#parts.find(({ makeRoom }) => makeRoom);
    if (part?.makeRoom) part.makeRoom(done);
    else done();
  }

  #dispatch(message: Exclude<Message, HandleTransfer | HandleReceived>): void {
    const handle = this.#handlers[message.type] as ((message: Message) => void) | undefined;
    if (!handle) throw new ProtocolError(`A message of type ${message.type} arrived where none is taken.`);
    handle(message);
  }

  #serveCall({ callId, target, method, args, coded }: CallInvoke): void {
    const { run } = this.#options;
    if (!run) throw new ProtocolError('A call arrived where none is taken.');
    const head = { type: 'call-result', callId } as const;
    this.#server.serve(head, method, args, coded, (values) => run(target ?? 'instance', method, values));
  }
}

function isObject(value: unknown): value is { type?: unknown } {
  return typeof value === 'object' && value !== null;
}
