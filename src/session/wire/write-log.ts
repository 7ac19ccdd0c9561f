import type { EarlyMessages, Message } from '../../protocol.js';

/**
 * Copies of messages that the channel may not have written yet. A process that is about to block sends them with its invocation,
 * since the channel writes nothing while the process blocks.
 */
export class WriteLog {
  /** In order. `undefined` stands for a message with a handle, which only the channel can carry. */
  readonly #unwritten: ({ copy: unknown } | undefined)[] = [];
  /** How many of them the other side has already received as early messages. */
  #taken = 0;
  readonly #copy: (message: Message) => unknown;

  /** @param copy makes a copy that does not change with the values in the message */
  constructor(copy: (message: Message) => unknown) {
    this.#copy = copy;
  }

  /** Adds messages that are written together. Returns a function to call once they are. @throws if one cannot be copied */
  add(messages: readonly Message[]): () => void {
    // Copies all before adding any, since a copy may fail.
    const entries = messages.map((message) =>
      message.type === 'handle-transfer' ? undefined : { copy: this.#copy(message) },
    );
    for (const entry of entries) this.#unwritten.push(entry);
    return () => {
      this.#unwritten.splice(0, messages.length);
      this.#taken = Math.max(this.#taken - messages.length, 0);
    };
  }

  /** Removes the last messages, which could not be handed to the channel. */
  forget(count: number): void {
    this.#unwritten.length -= count;
  }

  /**
   * Returns the copies to send early, up to the first message with a handle.
   * @param sent how many messages were handed to the channel in total
   */
  early(sent: number): EarlyMessages | undefined {
    const messages: unknown[] = [];
    for (const entry of this.#unwritten.slice(this.#taken)) {
      if (!entry) break;
      messages.push(entry.copy);
    }
    if (messages.length === 0) return undefined;
    return { from: sent - this.#unwritten.length + this.#taken, messages };
  }

  /** The other side has received these copies. */
  taken({ messages }: EarlyMessages): void {
    this.#taken += messages.length;
  }
}
