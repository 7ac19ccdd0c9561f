import type { SerializationMode } from '../types/serializable.js';
import type { Channel } from './channel.js';
import { copierOf } from './memory.js';

/** The end of the side that blocks until it has an answer. */
export interface MemoryLane {
  /** Delivers messages in transit on the channel immediately. */
  flush(): void;
  /** @throws if the message cannot be written */
  write(message: object): void;
  /** Returns the answer, or `undefined` if the other end is closed. */
  read(): unknown;
}

/**
 * A blocking lane within one process. A message is handled before `write()` returns, so that `read()` has the answer without a
 * turn of the event loop.
 * @param flush immediately delivers messages in transit on the channel from the end that blocks
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
    // The session learns of the end from its channel.
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
