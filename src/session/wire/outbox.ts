import { CallbackLimitError } from '../../errors.js';
import type { Message } from '../../protocol.js';
import type { Parcel } from './parcel.js';

export interface OutboxOptions {
  /** Never throws: of what cannot be written the parcel is told. */
  write(message: Message, parcel: Parcel): void;
  /** Makes the other side give back functions that it does not need; `done` is called when it has. */
  makeRoom(done: () => void): void;
}

/**
 * Keeps what is sent in order. A message that exports a function beyond the limit waits until the other side has collected its
 * garbage, and all that come after it wait too. So does what is sent while another message is built, by a getter for instance.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  #queue: Parcel[] = [];
  /** Something is being built, or waited for. */
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

  /** Nothing that waits will be sent. */
  close(): void {
    this.#queue = [];
  }

  #write(parcel: Parcel, mayWait: boolean): 'sent' | 'refused' | 'full' {
    let message: Message | undefined;
    try {
      message = parcel.build();
    } catch (error) {
      if (mayWait && error instanceof CallbackLimitError) return 'full';
      // What it sends in its place goes at once, where nothing waits.
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

  /** @param mayWait whether more room could be made: something was sent since that was done last, and may be given back */
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
