import { queueMicrotask } from '../clock.js';
import type { Channel } from './channel.js';

/**
 * Two connected channels within one process, for testing both sides of a session together.
 * Every message is copied by a JSON round trip and delivered in a later microtask, as a real channel would.
 */
export function memoryChannelPair(): [Channel, Channel] {
  const a = new MemoryChannel();
  const b = new MemoryChannel();
  a.peer = b;
  b.peer = a;
  return [a, b];
}

class MemoryChannel implements Channel {
  peer!: MemoryChannel;
  #open = true;
  #onMessage: (message: unknown) => void = () => {};
  #onClose: () => void = () => {};

  send(message: object): void {
    if (!this.#open) return;
    const copy: unknown = JSON.parse(JSON.stringify(message));
    const { peer } = this;
    queueMicrotask(() => {
      if (peer.#open) peer.#onMessage(copy);
    });
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#onMessage = listener;
  }

  onClose(listener: () => void): void {
    this.#onClose = listener;
  }

  close(): void {
    for (const end of [this, this.peer]) {
      if (!end.#open) continue;
      queueMicrotask(() => {
        if (!end.#open) return;
        end.#open = false;
        end.#onClose();
      });
    }
  }
}
