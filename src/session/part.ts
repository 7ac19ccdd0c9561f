import type { Handle } from '../channel/channel.js';
import type { Codec } from '../codec/codec.js';
import type { Coded, HandleTransfer, Message } from '../protocol.js';
import type { SideStats } from '../types/stats.js';
import type { CallOptions, FunctionTarget, ErrorFactory, Settle } from './calls/open-call.js';
import type { Arrival, Inbox } from './wire/inbox.js';
import type { Parcel, Send } from './wire/parcel.js';
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
  /** What arrives. */
  readonly inbox: Inbox;
  /** Runs and answers what the other side calls. */
  readonly server: Server;
  /** Sends a message in order with calls, answers and all others that carry values of the user's. Never throws. */
  sendValue: Send;
  /** Sends a message that carries a value by another way than the channel, which `write` knows. Never throws. */
  sendAtOnce(parcel: Parcel, write: (message: Message) => void): void;
  /** Sends a message that carries no value of the user's, before those that wait for room. */
  sendControl(message: Message): void;
  /** Writes what is held back, and then the message that brings a handle. */
  sendHandle(message: HandleTransfer, handle: Handle): void;
  /** Writes what is held back for a batch. */
  flush(): void;
  /** Invokes a function of the other side. */
  open(target: FunctionTarget, name: string, args: unknown[], options: CallOptions, settle: Settle): void;
  nextId(): number;
  /** How many messages have been sent so far. */
  sent(): number;
  /** From now on keeps those that may not have been written yet. */
  keepUnwritten(log: WriteLog): void;
  /** A message came or went by another way, and more may follow. */
  keepAwake(): void;
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
  /** Why a call cannot be made just now. */
  refuse?(method: string): Error | undefined;
  readonly stats?: Partial<SideStats>;
  /** The conversation ends; what is under way fails for that reason. */
  end?(reason: ErrorFactory): void;
  /** Nothing can be sent any more. */
  close?(): void;
}
