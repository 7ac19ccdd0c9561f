import type { Channel, Handle } from '../../channel/channel.js';
import type { Batch, HandleTransfer, LoneRow, Message } from '../../protocol.js';
import { nextTick, now } from '../../clock.js';
import { loneRowOf, rowsOf } from './rows.js';
import type { Parcel } from './parcel.js';
import type { WriteLog } from './write-log.js';

/**
 * The messages of a burst that are written individually before the rest is held back for a batch. A single message loses no
 * time, and a message sent just before a long computation arrives before it.
 */
const SINGLES = 4;
/** The pause that ends a burst, in ms: held messages are written, and the next message is written individually again. */
const PAUSE = 0.2;
/** A batch with this many messages is written immediately, so that the other side can start on it. */
const MAX_MESSAGES = 512;

export interface BatcherOptions {
  channel: Channel;
  /** Returns a message to write first, if there is one. Called before each write. */
  preface?: (() => Message | undefined) | undefined;
  /** Called when the channel could not write a message. */
  onUnwritable(message: Message, parcel: Parcel, error: unknown): void;
}

/** A preface never fails: each of its values was serialized before, to compare it with its last state. */
const prefaceParcel: Parcel = { build: () => undefined, failed: () => {} };

/**
 * Writes messages to the channel in order, and batches bursts: for a small message, the write is most of the cost. Held messages
 * are written before the event loop continues.
 */
export class Batcher {
  /** Whether the other side reads batches. */
  enabled = false;
  /** Whether the other side has a reader of messages besides the session, for whom single messages are written as objects. */
  isWatched = false;
  /** How many messages were handed to the channel. */
  sent = 0;
  log: WriteLog | undefined;
  readonly #options: BatcherOptions;
  /** Messages that are held back, and their parcels. */
  #messages: Message[] = [];
  #parcels: Parcel[] = [];
  #singles = 0;
  #last = 0;
  #scheduled = false;
  #prefacing = false;

  readonly #clock: () => number;

  /** @param clock ms */
  constructor(options: BatcherOptions, clock = now) {
    this.#options = options;
    this.#clock = clock;
  }

  send(message: Message, parcel: Parcel): void {
    if (!this.enabled) return this.#writeAlone(message, parcel);
    const time = parcel.time ?? this.#clock();
    if (time - this.#last > PAUSE) {
      // In the middle of a burst, only this message is written individually.
      this.#singles = this.#scheduled ? SINGLES - 1 : 0;
      this.#flushHeld();
    }
    this.#last = time;
    if (this.#singles === SINGLES) return this.#hold(message, parcel);
    this.#singles++;
    this.#writeAlone(message, parcel);
  }

  /** Writes held messages, then one that cannot wait. */
  sendNow(message: Message, parcel: Parcel): void {
    this.#flushHeld();
    this.#writeAlone(message, parcel);
  }

  /** Writes held messages, then the message with the handle. */
  sendHandle(message: HandleTransfer, handle: Handle): void {
    this.flush();
    this.#options.channel.send(message, handle, this.log?.add([message]));
    this.sent++;
  }

  /** Writes held messages, then one that readers of the channel need not know of. */
  sendUnseen(message: Message): void {
    this.flush();
    this.#options.channel.sendUnseen?.(message, this.log?.add([message]));
    this.sent++;
  }

  /** A message has arrived. Lets the next message go individually: it may be the answer, which the other side awaits. */
  startTurn(): void {
    if (this.#singles === SINGLES && this.#messages.length === 0) this.#singles--;
  }

  /** Writes held messages, and the preface even without them. Loops, since a message that failed may have sent a replacement. */
  flush(): void {
    if (this.#messages.length === 0) this.#writePreface();
    while (this.#messages.length > 0) this.#flushHeld();
  }

  /** Drops held messages. */
  close(): void {
    this.#messages = [];
    this.#parcels = [];
  }

  #hold(message: Message, parcel: Parcel): void {
    this.#messages.push(message);
    this.#parcels.push(parcel);
    if (this.#messages.length >= MAX_MESSAGES) return this.#flushHeld();
    if (this.#scheduled) return;
    this.#scheduled = true;
    nextTick(() => {
      this.#scheduled = false;
      this.#flushHeld();
    });
  }

  #flushHeld(): void {
    if (this.#messages.length === 0) return;
    const preface = this.#preface();
    if (preface) {
      this.#messages.unshift(preface);
      this.#parcels.unshift(prefaceParcel);
    }
    const messages = this.#messages;
    const parcels = this.#parcels;
    this.close();
    if (messages.length === 1 || !this.#writeBatch(messages)) {
      // One message cannot be written, or the batch is too large: writes them individually.
      messages.forEach((message, index) => this.#writeOne(message, parcels[index] as Parcel));
    }
  }

  #writeAlone(message: Message, parcel: Parcel): void {
    this.#writePreface();
    this.#writeOne(message, parcel);
  }

  #writePreface(): void {
    const preface = this.#preface();
    if (preface) this.#writeOne(preface, prefaceParcel);
  }

  #preface(): Message | undefined {
    // Making a preface reads getters of the instance, which may send messages themselves.
    if (this.#prefacing) return undefined;
    this.#prefacing = true;
    const message = this.#options.preface?.();
    this.#prefacing = false;
    return message;
  }

  #writeOne(message: Message, parcel: Parcel): void {
    try {
      this.#transmit((this.#mayUseRows && loneRowOf(message)) || message, [message]);
    } catch (error) {
      this.#options.onUnwritable(message, parcel, error);
    }
  }

  get #mayUseRows(): boolean {
    return this.enabled && !this.isWatched && !this.#options.channel.isWatched?.();
  }

  /** @returns whether the batch could be written */
  #writeBatch(messages: Message[]): boolean {
    try {
      this.#transmit({ type: 'batch', rows: rowsOf(messages) }, messages);
      return true;
    } catch {
      return false;
    }
  }

  /** @throws if it cannot be written */
  #transmit(written: Message | Batch | LoneRow, messages: readonly Message[]): void {
    const { log } = this;
    const onWritten = log?.add(messages);
    try {
      this.#options.channel.send(written, undefined, onWritten);
    } catch (error) {
      log?.forget(messages.length);
      throw error;
    }
    this.sent += messages.length;
  }
}
