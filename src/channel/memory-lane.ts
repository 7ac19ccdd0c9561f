import type { SerializationMode } from '../types/serializable.js';
import type { Channel } from './channel.js';
import { copierOf } from './memory.js';

/** The end of the side that blocks until it is answered. */
export interface MemoryLane {
  /** Delivers at once what is under way on the channel. */
  flush(): void;
  /** @throws when the message cannot be written */
  write(message: object): void;
  /** The answer, or `undefined` where the other end is closed. */
  read(): unknown;
}

/**
 * A blocking lane within one process: a message is dealt with before `write()` returns, so that `read()` has the answer without a turn
 * of the event loop.
 * @param flush delivers at once what is under way on the channel from the end that blocks
 * @returns the end that answers, and the end that blocks
 */
export function memoryLane(mode: SerializationMode, flush: () => void): [Channel, MemoryLane] {
  const copy = copierOf(mode);
  let isOpen = true;
  let answer: unknown;
  let onMessage: (message: unknown) => void = () => {};
  const near: Channel = {
    send(message) {
      answer = copy(message);
    },
    onMessage(listener) {
      onMessage = listener;
    },
    // What it means is seen at the end of the channel.
    onClose() {},
    close() {
      isOpen = false;
    },
  };
  const far: MemoryLane = {
    flush,
    write(message) {
      const copied = copy(message);
      answer = undefined;
      if (isOpen) onMessage(copied);
    },
    read() {
      const read = answer;
      answer = undefined;
      return read;
    },
  };
  return [near, far];
}
