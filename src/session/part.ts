import type { Handle } from '../channel/channel.js';
import type { Codec } from '../codec/codec.js';
import type { Coded, HandleTransfer, Message } from '../protocol.js';
import type { SideStats } from '../types/stats.js';
import type { CallOptions, RemoteTarget, ErrorFactory, Settle } from './calls/open-call.js';
import type { Arriving } from './wire/held-messages.js';
import type { Arrival, Inbox } from './wire/inbox.js';
import type { Parcel, Send } from './wire/parcel.js';
import type { Server } from './calls/serve.js';
import type { WriteLog } from './wire/write-log.js';

/** Message handlers by message type. */
export type Handlers = {
  [T in Message['type']]?: (message: Extract<Message, { type: T }>, arrival: Arrival) => void;
};

/** Accounts for what messages export, including messages that do not use the channel. */
export interface Accounts {
  /** Call it when a message that exports these ids has arrived. @throws {ProtocolError} */
  arrive(coded: Coded | undefined): void;
  /** Call it when the message has been handled: gives back what was not used. */
  account(coded: Coded | undefined): void;
  /** Call it when a message was encoded but could not be sent. */
  takeBack(coded: Coded | undefined): void;
}

/** What a session offers its parts. */
export interface SessionApi extends Accounts {
  readonly codec: Codec;
  readonly inbox: Inbox;
  /** Runs the other side's calls and answers them. */
  readonly server: Server;
  /** Sends a message in order with all others that carry user values, such as calls and answers. Never throws. */
  sendValue: Send;
  /** Sends a message that carries a value with `write` instead of the channel. Never throws. */
  sendAtOnce(parcel: Parcel, write: (message: Message) => void): void;
  /** Sends a message without user values, ahead of messages that wait for room. */
  sendControl(message: Message): void;
  /** Writes messages that are held back, then the message with the handle. */
  sendHandle(message: HandleTransfer, handle: Handle): void;
  /** Writes messages that are held back for a batch. */
  flush(): void;
  /** Invokes a function of the other side, or asks something of an object there. */
  open(target: RemoteTarget, name: string, args: readonly unknown[], options: CallOptions, settle: Settle): void;
  nextId(): number;
  /** How many messages have been sent so far. */
  sent(): number;
  /** From now on, copies messages to `log` until the channel has written them. */
  keepUnwritten(log: WriteLog): void;
  /** Keeps the event loop awake after a message that did not use the channel: more may follow. */
  keepAwake(): void;
  /** Whether the session has ended. Failures are then a consequence, and are not reported. */
  isOver(): boolean;
}

/** A part of a session, with message types of its own. It keeps the objects that values refer to: functions, streams, handles. */
export interface SessionPart {
  readonly handlers: Handlers;
  attach(link: SessionApi): void;
  /** See {@link Accounts}. */
  arrive?(coded: Coded): void;
  account?(coded: Coded): void;
  takeBack?(coded: Coded): void;
  /**
   * Called between encoding a message and writing it. Sends what must arrive first. Returns whether it sent anything: then no
   * other message may come in between.
   */
  beforeWrite?(): boolean;
  /** Called when an encoded message was written, or could not be. Sends what must arrive beside it. */
  afterWrite?(): void;
  /** Called before a message is encoded that does not use the channel, and after it was written. The calls may be nested. */
  leaveChannel?(): void;
  returnToChannel?(): void;
  /** Called when a message arrives. Returns a function if the message may have to wait. @throws {ProtocolError} */
  awaits?(coded: Coded): Arriving | undefined;
  /** Called after a message from the channel has been handled. */
  afterMessage?(message: Message): void;
  /** Called when an export would exceed its limit. Calls `done` once the other side has given back what it no longer needs. */
  makeRoom?(done: () => void): void;
  /** Returns an error if `method` cannot be called now. */
  refuse?(method: string): Error | undefined;
  /** Calls `done` when none of these streams is open any more. Does not call it if the session ends before. */
  whenClosed?(streams: readonly number[], done: (failure?: { value: unknown }) => void): void;
  readonly stats?: Partial<SideStats>;
  /** The session ends: pending operations fail with this reason. */
  end?(reason: ErrorFactory): void;
  /** Nothing more can be sent. */
  close?(): void;
}
