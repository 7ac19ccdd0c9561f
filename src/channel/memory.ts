import { AsyncResource } from 'node:async_hooks';
import { setImmediate } from '../clock.js';
import type { SerializationMode } from '../types/serializable.js';
import type { ArrivedHandle, Channel } from './channel.js';
import { messageFormat } from './frames.js';

/** One end, as the other sees it. */
interface End {
  isOpen: boolean;
  onMessage(message: unknown, handle?: ArrivedHandle): void;
  onClose(): void;
}

/** How messages get from one end to the other. */
interface Way {
  /** @throws when the message cannot be written */
  copy(message: object): unknown;
  /** In a later turn of the event loop, in order. */
  deliver(action: () => void): void;
}

/**
 * Two connected channels within one process. A message is written and read as on a channel between two processes, and arrives in a
 * later turn of the event loop. A handle is not copied: the other side gets the object itself.
 */
export function memoryChannelPair(mode: SerializationMode = 'json'): [Channel, Channel] {
  const format = messageFormat(mode);
  // What arrives runs in the asynchronous context of whoever made the channel, and not of whoever sent it.
  const context = new AsyncResource('PROCXY_MEMORY_CHANNEL');
  const way: Way = {
    copy:
      mode === 'json'
        ? (message) => JSON.parse(JSON.stringify(message)) as unknown
        : (message) => format.decode(format.encode(message)),
    deliver: (action) => void setImmediate(() => context.runInAsyncScope(action)),
  };
  const [a, b] = [newEnd(), newEnd()];
  return [channelBetween(a, b, way), channelBetween(b, a, way)];
}

function newEnd(): End {
  return { isOpen: true, onMessage: () => {}, onClose: () => {} };
}

function channelBetween(near: End, far: End, { copy, deliver }: Way): Channel {
  return {
    send(message, handle, written) {
      if (!near.isOpen) return;
      const copied = copy(message);
      deliver(() => {
        written?.();
        if (far.isOpen) far.onMessage(copied, handle);
      });
    },
    onMessage(listener) {
      near.onMessage = listener;
    },
    onClose(listener) {
      near.onClose = listener;
    },
    close() {
      if (!near.isOpen) return;
      near.isOpen = false;
      deliver(() => {
        near.onClose();
        if (!far.isOpen) return;
        far.isOpen = false;
        far.onClose();
      });
    },
  };
}
