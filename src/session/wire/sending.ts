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
  /** Returns a message to write first, if there is one. Called before each write. */
  preface?: (() => Message | undefined) | undefined;
  /** Called between encoding a message and writing it. Sends what must arrive just before, and returns whether it sent anything. */
  beforeWrite(): boolean;
  /** Called after a message was written, or could not be. Sends what must arrive beside it. */
  afterWrite(): void;
  /** Takes back the exports of a message that could not be sent. */
  takeBack(coded: Coded | undefined): void;
  /** Asks the other side to give back functions that it no longer needs, then calls `done`. */
  makeRoom(done: () => void): void;
}

/** The sending half of a session: turns parcels into messages, in order. */
export class Sending {
  readonly #beforeWrite: () => boolean;
  readonly #afterWrite: () => void;
  readonly #outbox: Outbox;
  readonly #batcher: Batcher;
  readonly #recovery: Recovery;
  readonly #channel: Channel;
  #busyPoll: BusyPoll | undefined;

  constructor({ channel, codec, preface, beforeWrite, afterWrite, takeBack, makeRoom }: SendingOptions) {
    this.#channel = channel;
    this.#beforeWrite = beforeWrite;
    this.#afterWrite = afterWrite;
    this.#recovery = { codec, takeBack, makeRoom: () => makeRoom(() => {}) };
    const onUnwritable = (message: Message, parcel: Parcel, error: unknown): void =>
      refuse(message, parcel, error, this.#recovery);
    this.#batcher = new Batcher({ channel, preface, onUnwritable });
    this.#outbox = new Outbox({ write: (message, parcel) => this.#write(message, parcel), makeRoom });
    channel.onWatched?.(() => this.#tellWatched());
  }

  /** How many messages were handed to the channel. */
  get sent(): number {
    return this.#batcher.sent;
  }

  /** Sends a message in order with all others that carry user values. Never throws. */
  readonly sendValue: Send = (parcel) => this.#outbox.send(parcel);

  /**
   * Sends a message ahead of messages that wait for room. Never throws.
   * @param write writes the message, by default to the channel
   */
  sendAtOnce(parcel: Parcel, write = (message: Message): void => this.#write(message, parcel)): void {
    sendAtOnce(parcel, write, this.#recovery);
  }

  /** Sends a message without user values, ahead of messages that wait for room. */
  sendControl(message: Message): void {
    this.#write(message, withoutValue(message));
  }

  /** Writes held messages, then the message with the handle. */
  sendHandle(message: HandleTransfer, handle: Handle): void {
    this.#batcher.sendHandle(message, handle);
  }

  /** The other side reads batches: from now on, messages of a burst may be held back until the end of the turn. */
  enableBatches(): void {
    this.#batcher.enabled = true;
    this.#tellWatched();
  }

  /** Somebody else reads what this side sends, too: from now on, single messages are written as objects. */
  writeForReaders(): void {
    this.#batcher.isWatched = true;
  }

  /** Writes held messages and holds none back any more, since this process ends with this turn. */
  disableBatches(): void {
    this.flush();
    this.#batcher.enabled = false;
  }

  /** Keeps the event loop awake for `duration` µs after each message. */
  setBusyPoll(duration: number): void {
    if (duration > 0) this.#busyPoll = new BusyPoll(duration);
  }

  /** Call it when a message was sent or received, on the channel or elsewhere: more may follow. */
  keepAwake(): void {
    this.#busyPoll?.keepAwake();
  }

  /** A message has arrived. The next one that is sent may be its answer. */
  startTurn(): void {
    this.#batcher.startTurn();
    this.keepAwake();
  }

  /** From now on, copies messages to `log` until the channel has written them. */
  keepUnwritten(log: WriteLog): void {
    this.#batcher.log = log;
  }

  /** Writes held messages. */
  flush(): void {
    this.#batcher.flush();
  }

  /** Drops messages that wait or are held back. */
  close(): void {
    this.#outbox.close();
    this.#batcher.close();
  }

  /** Asks for objects if somebody reads what arrives. A side that reads no batches gets no rows, and may send what it likes. */
  #tellWatched(): void {
    if (this.#batcher.enabled && this.#channel.isWatched?.()) this.#batcher.sendUnseen({ type: 'messages-watched' });
  }

  #write(message: Message, parcel: Parcel): void {
    this.keepAwake();
    if (this.#beforeWrite() || isLive(message)) this.#batcher.sendNow(message, parcel);
    else this.#batcher.send(message, parcel);
    this.#afterWrite();
  }
}
