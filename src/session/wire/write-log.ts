import type { EarlyMessages, Message } from '../../protocol.js';

/**
 * What was handed to the channel and may not have been written yet. A process that is about to block takes these messages along:
 * the channel writes nothing while it does.
 */
export class WriteLog {
  /** In their order; `undefined` stands for one that brings a handle, and can only go by the channel. */
  readonly #unwritten: ({ copy: unknown } | undefined)[] = [];
  /** How many of them the other side has had early. */
  #taken = 0;
  readonly #copy: (message: Message) => unknown;

  /** @param copy makes what does not change any more when the values in the message do */
  constructor(copy: (message: Message) => unknown) {
    this.#copy = copy;
  }

  /** Returns what is to be called when the messages have been written, which are handed over together. @throws when one cannot be copied */
  add(messages: readonly Message[]): () => void {
    // All or none, since a copy may fail.
    const entries = messages.map((message) =>
      message.type === 'handle-transfer' ? undefined : { copy: this.#copy(message) },
    );
    for (const entry of entries) this.#unwritten.push(entry);
    return () => {
      this.#unwritten.splice(0, messages.length);
      this.#taken = Math.max(this.#taken - messages.length, 0);
    };
  }

  /** The last ones could not be handed over. */
  forget(count: number): void {
    this.#unwritten.length -= count;
  }

  /** @param sent how many messages were handed over in all */
  early(sent: number): EarlyMessages | undefined {
    const messages: unknown[] = [];
    for (const entry of this.#unwritten.slice(this.#taken)) {
      if (!entry) break;
      messages.push(entry.copy);
    }
    if (messages.length === 0) return undefined;
    return { from: sent - this.#unwritten.length + this.#taken, messages };
  }

  /** The other side has taken those. */
  taken({ messages }: EarlyMessages): void {
    this.#taken += messages.length;
  }
}
