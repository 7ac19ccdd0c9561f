import type { Channel, Handle } from '../../channel/channel.js';
import type { Batch, HandleTransfer, Message } from '../../protocol.js';
import { nextTick, now } from '../../clock.js';
import { rowsOf } from './rows.js';
import type { Parcel } from './parcel.js';
import type { WriteLog } from './write-log.js';

/**
 * So many messages are written at once, each by itself, before what follows closely is held back for a batch: one that is
 * sent just before a long computation arrives before it, and a lone one loses no time.
 */
const SINGLES = 4;
/** After a pause so long what is held back is written, and the next message by itself again, in ms. */
const PAUSE = 0.2;
/** A batch is written when it has so many messages: the other side can begin with them. */
const MAX_MESSAGES = 512;

export interface BatcherOptions {
  channel: Channel;
  /** What is to be known before anything else: asked for before each write. */
  preface?: (() => Message | undefined) | undefined;
  /** The channel could not write it. */
  onUnwritable(message: Message, parcel: Parcel, error: unknown): void;
}

/** Each value of a preface has been written once by itself, to compare it with the last one: the whole can be written too. */
const prefaceParcel: Parcel = { build: () => undefined, failed: () => {} };

/**
 * Writes messages to the channel in their order, and those that come in a burst many at a time: for a small message the write is most
 * of the price. What is held back is written before the event loop turns.
 */
export class Batcher {
  /** Whether the other side reads batches. */
  enabled = false;
  /** How many messages have been handed over. */
  sent = 0;
  log: WriteLog | undefined;
  readonly #options: BatcherOptions;
  /** What is held back, each message with its parcel. */
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
      // In the middle of a burst it is this one only that goes out at once.
      this.#singles = this.#scheduled ? SINGLES - 1 : 0;
      this.#flushHeld();
    }
    this.#last = time;
    if (this.#singles === SINGLES) return this.#hold(message, parcel);
    this.#singles++;
    this.#writeAlone(message, parcel);
  }

  /** For one that cannot wait, and what is held back before it. */
  sendNow(message: Message, parcel: Parcel): void {
    this.#flushHeld();
    this.#writeAlone(message, parcel);
  }

  /** For one that brings a handle, and what is held back before it. */
  sendHandle(message: HandleTransfer, handle: Handle): void {
    this.flush();
    this.#options.channel.send(message, handle, this.log?.add([message]));
    this.sent++;
  }

  /** A message has come: one that goes out now may be its answer, for which somebody waits. */
  startTurn(): void {
    if (this.#singles === SINGLES && this.#messages.length === 0) this.#singles--;
  }

  /** Writes what is held back, and the preface in any case. What could not be written may have been replaced: so is that. */
  flush(): void {
    if (this.#messages.length === 0) this.#writePreface();
    while (this.#messages.length > 0) this.#flushHeld();
  }

  /** What is held back is not sent any more. */
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
      // One of them cannot be written, or all are too much for one: each by itself.
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
    // A getter that is read for it may send something itself.
    if (this.#prefacing) return undefined;
    this.#prefacing = true;
    const message = this.#options.preface?.();
    this.#prefacing = false;
    return message;
  }

  #writeOne(message: Message, parcel: Parcel): void {
    try {
      this.#transmit(message, [message]);
    } catch (error) {
      this.#options.onUnwritable(message, parcel, error);
    }
  }

  /** @returns whether that was possible */
  #writeBatch(messages: Message[]): boolean {
    try {
      this.#transmit({ type: 'batch', rows: rowsOf(messages) }, messages);
      return true;
    } catch {
      return false;
    }
  }

  /** @throws when it cannot be written */
  #transmit(written: Message | Batch, messages: readonly Message[]): void {
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
