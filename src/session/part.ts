import type { Handle } from '../channel/channel.js';
import type { Codec } from '../codec/codec.js';
import type { Coded, HandleTransfer, Message } from '../protocol.js';
import type { SideStats } from '../types/stats.js';
import type { CallOptions, FunctionTarget, ErrorFactory, Settle } from './calls/calls.js';
import type { Arrival } from './wire/inbox.js';
import type { Parcel } from './wire/parcel.js';
import type { Server } from './calls/serve.js';
import type { WriteLog } from './wire/write-log.js';

/** What is done with messages, by their type. */
export type Handlers = {
  [T in Message['type']]?: (message: Extract<Message, { type: T }>, arrival: Arrival) => void;
};

/** Accounts for what messages export, also for those that go another way than the channel. */
export interface Accounts {
  /** A message has come that exports these. @throws {ProtocolError} */
  arrive(coded: Coded | undefined): void;
  /** It has been dealt with: what nobody took is given back. */
  account(coded: Coded | undefined): void;
  /** A message was encoded and could not be sent. */
  takeBack(coded: Coded | undefined): void;
}

/** What a session does for its parts. */
export interface SessionApi extends Accounts {
  readonly codec: Codec;
  /** In order with calls, answers and all else that holds values of the user's. */
  sendValue(build: Parcel['build'], method: string, failed: Parcel['failed']): void;
  /** Sends it, also where other messages wait for room. */
  sendControl(message: Message): void;
  /** Writes what is held back, and then the message that brings a handle. */
  sendHandle(message: HandleTransfer, handle: Handle): void;
  /** Writes what is held back for a batch. */
  flush(): void;
  /** Invokes a function of the other side. */
  open(target: FunctionTarget, name: string, args: unknown[], options: CallOptions, settle: Settle): void;
  /** Runs something for the other side, and answers. */
  serve(...request: Parameters<Server['serve']>): void;
  nextId(): number;
  /** How many messages have been sent so far. */
  sent(): number;
  /** From now on keeps those that may not have been written yet. */
  keepUnwritten(log: WriteLog): void;
  /** Whether the conversation is over, so that what fails now fails for that. */
  isOver(): boolean;
}

/** A part of a session that keeps what values refer to, and has messages of its own. */
export interface SessionPart {
  readonly handlers: Handlers;
  attach(link: SessionApi): void;
  /** As {@link Accounts} has them. */
  arrive?(coded: Coded): void;
  account?(coded: Coded): void;
  takeBack?(coded: Coded): void;
  /**
   * A message has been encoded, and is written next. Sends what must arrive before it. Returns whether there was anything: no other
   * message may come between then.
   */
  beforeWrite?(): boolean;
  /** The channel has brought a message, and it has been dealt with. */
  afterMessage?(message: Message): void;
  /** A message was to export more than is allowed. Calls `done` when what the other side does not need has been given back. */
  makeRoom?(done: () => void): void;
  readonly stats?: Partial<SideStats>;
  /** The conversation ends; what is under way fails for that reason. */
  end?(reason: ErrorFactory): void;
  /** Nothing can be sent any more. */
  close?(): void;
}
