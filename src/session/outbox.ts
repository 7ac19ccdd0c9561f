import { CallbackLimitError } from '../errors.js';
import type { Message } from '../protocol.js';

export interface OutboxOptions {
  /** @throws when the message cannot be written */
  write(message: Message, method: string): void;
  /** Makes the other side give back functions that it does not need; `done` is called when it has. */
  makeRoom(done: () => void): void;
}

interface Entry {
  build: () => Message | undefined;
  method: string;
  failed: (error: unknown) => void;
}

/**
 * Keeps what is sent in order. A message that exports a function beyond the limit waits until the other side has collected its
 * garbage, and all that come after it wait too.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #queue: Entry[] = [];
  #waiting = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  send(build: Entry['build'], method: string, failed: Entry['failed']): void {
    const entry = { build, method, failed };
    if (this.#waiting) this.#queue.push(entry);
    else if (!this.#write(entry, true)) this.#wait(entry);
  }

  /** Nothing that waits will be sent. */
  close(): void {
    this.#queue.length = 0;
  }

  /** @returns false when the message must wait, which it may do once */
  #write({ build, method, failed }: Entry, mayWait: boolean): boolean {
    try {
      const message = build();
      if (message) this.#options.write(message, method);
    } catch (error) {
      if (mayWait && error instanceof CallbackLimitError) return false;
      failed(error);
    }
    return true;
  }

  #wait(entry: Entry): void {
    this.#waiting = true;
    this.#queue.push(entry);
    this.#options.makeRoom(() => this.#resume());
  }

  #resume(): void {
    // None of them waits again: what could be given back was, just now.
    for (let entry = this.#queue.shift(); entry; entry = this.#queue.shift()) this.#write(entry, false);
    this.#waiting = false;
  }
}
