import type { Channel, Handle } from '../../channel/channel.js';
import type { Codec } from '../../codec/codec.js';
import type { Coded, HandleTransfer, Message } from '../../protocol.js';
import { Batcher } from './batcher.js';
import { BusyPoll } from './busy-poll.js';
import { Outbox } from './outbox.js';
import { isLive, refuse, sendAtOnce, withoutValue, type Parcel, type Recovery, type Send } from './parcel.js';
import type { WriteLog } from './write-log.js';

export interface SendingOptions {
  channel: Channel;
  codec: Codec;
  /** What the other side is to know before anything else: asked for each time that something is written. */
  preface?: (() => Message | undefined) | undefined;
  /** A message has been encoded, and is written next. Sends what must come just before it, and returns whether there was anything. */
  beforeWrite(): boolean;
  /** Takes back what a message was to export, when it could not be sent. */
  takeBack(coded: Coded | undefined): void;
  /** Makes the other side give back functions that it does not need, then calls `done`. */
  makeRoom(done: () => void): void;
}

/** The half of a session that sends: parcels in their order, as messages. */
export class Sending {
  readonly #beforeWrite: () => boolean;
  readonly #outbox: Outbox;
  readonly #batcher: Batcher;
  readonly #recovery: Recovery;
  #busyPoll: BusyPoll | undefined;

  constructor({ channel, codec, preface, beforeWrite, takeBack, makeRoom }: SendingOptions) {
    this.#beforeWrite = beforeWrite;
    this.#recovery = { codec, takeBack, makeRoom: () => makeRoom(() => {}) };
    const onUnwritable = (message: Message, parcel: Parcel, error: unknown): void =>
      refuse(message, parcel, error, this.#recovery);
    this.#batcher = new Batcher({ channel, preface, onUnwritable });
    this.#outbox = new Outbox({ write: (message, parcel) => this.#write(message, parcel), makeRoom });
  }

  /** How many messages have been handed to the channel. */
  get sent(): number {
    return this.#batcher.sent;
  }

  /** Sends a message in order with all others that carry values of the user's. Never throws. */
  readonly sendValue: Send = (parcel) => this.#outbox.send(parcel);

  /**
   * Sends a message before those that wait for room. Never throws.
   * @param write another way than the channel
   */
  sendAtOnce(parcel: Parcel, write = (message: Message): void => this.#write(message, parcel)): void {
    sendAtOnce(parcel, write, this.#recovery);
  }

  /** Sends a message that carries no value of the user's, before those that wait for room. */
  sendControl(message: Message): void {
    this.#write(message, withoutValue(message));
  }

  /** Writes what is held back, and then the message that brings a handle. */
  sendHandle(message: HandleTransfer, handle: Handle): void {
    this.#batcher.sendHandle(message, handle);
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

  /** Keeps the event loop awake for `duration` µs after each message. */
  setBusyPoll(duration: number): void {
    if (duration > 0) this.#busyPoll = new BusyPoll(duration);
  }

  /** A message came or went, by the channel or another way, and more may follow. */
  keepAwake(): void {
    this.#busyPoll?.keepAwake();
  }

  /** A message has come: the next one that is sent may be its answer. */
  startTurn(): void {
    this.#batcher.startTurn();
    this.keepAwake();
  }

  /** Keeps messages from now on until the channel has written them. */
  keepUnwritten(log: WriteLog): void {
    this.#batcher.log = log;
  }

  /** Writes what is held back. */
  flush(): void {
    this.#batcher.flush();
  }

  /** What waits or is held back is not sent any more. */
  close(): void {
    this.#outbox.close();
    this.#batcher.close();
  }

  #write(message: Message, parcel: Parcel): void {
    this.keepAwake();
    if (this.#beforeWrite() || isLive(message)) this.#batcher.sendNow(message, parcel);
    else this.#batcher.send(message, parcel);
  }
}
