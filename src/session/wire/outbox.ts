import { isLimitError } from '../../errors.js';
import type { Message } from '../../protocol.js';
import type { Parcel } from './parcel.js';

export interface OutboxOptions {
  /** Never throws: a write error goes to the parcel. */
  write(message: Message, parcel: Parcel): void;
  /** Asks the other side to give back functions that it no longer needs, then calls `done`. */
  makeRoom(done: () => void): void;
}

/**
 * Sends parcels in order. A message that exports a function or an object beyond the limit waits until the other side
 * has collected its garbage, and later messages wait behind it. Messages sent while another one is built, for example by a getter, wait too.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  #queue: Parcel[] = [];
  /** Whether a parcel is being built, or waits for room. */
  #busy = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  send(parcel: Parcel): void {
    if (this.#busy) {
      this.#queue.push(parcel);
      return;
    }
    this.#busy = true;
    if (this.#write(parcel, true) !== 'full') return this.#drain(true);
    this.#queue.unshift(parcel);
    this.#wait();
  }

  /** Drops the parcels that wait. */
  close(): void {
    this.#queue = [];
  }

  #write(parcel: Parcel, mayWait: boolean): 'sent' | 'refused' | 'full' {
    let message: Message | undefined;
    try {
      message = parcel.build();
    } catch (error) {
      if (mayWait && isLimitError(error)) return 'full';
      // The parcel may send a replacement. It goes out immediately if nothing else waits.
      this.#busy = this.#queue.length > 0;
      parcel.failed(error);
      this.#busy = true;
      return 'refused';
    }
    if (message) this.#options.write(message, parcel);
    return 'sent';
  }

  #wait(): void {
    this.#options.makeRoom(() => this.#drain(false));
  }

  /** @param mayWait whether asking for room may help: only if something was sent, and may be given back, since the last time */
  #drain(mayWait: boolean): void {
    for (let parcel = this.#queue[0]; parcel; parcel = this.#queue[0]) {
      const outcome = this.#write(parcel, mayWait);
      if (outcome === 'full') return this.#wait();
      if (outcome === 'sent') mayWait = true;
      this.#queue.shift();
    }
    this.#busy = false;
  }
}
