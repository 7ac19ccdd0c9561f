import { AsyncResource } from 'node:async_hooks';
import { setImmediate } from '../clock.js';
import type { SerializationMode } from '../types/serializable.js';
import type { ArrivedHandle, Channel } from './channel.js';
import { messageFormat } from './frames.js';
import { stringify } from '../plain-json.js';

export interface MemoryChannel extends Channel {
  /** Immediately delivers what was sent at this end, since its side is about to block. */
  flush(): void;
}

/** One end, as the other end sees it. */
interface End {
  isOpen: boolean;
  onMessage(message: unknown, handle?: ArrivedHandle): void;
  onClose(): void;
}

/**
 * Makes two connected channels within one process. A message is serialized and deserialized as between two processes, and arrives
 * in a later turn of the event loop. A handle is not copied: the other side gets the object itself.
 */
export function memoryChannelPair(mode: SerializationMode = 'json'): [MemoryChannel, MemoryChannel] {
  const copy = copierOf(mode);
  // Listeners run in the asynchronous context of the code that made the channel, not of the sender.
  const context = new AsyncResource('PROCXY_MEMORY_CHANNEL');
  const [a, b] = [newEnd(), newEnd()];
  return [channelBetween(a, b, copy, context), channelBetween(b, a, copy, context)];
}

/** Makes a function that serializes and deserializes a message. @throws if the message cannot be written */
export function copierOf(mode: SerializationMode): (message: object) => unknown {
  if (mode === 'json') return (message) => JSON.parse(stringify(message)) as unknown;
  const { encode, decode } = messageFormat(mode);
  return (message) => decode(encode(message));
}

function newEnd(): End {
  return { isOpen: true, onMessage: () => {}, onClose: () => {} };
}

function channelBetween(
  near: End,
  far: End,
  copy: (message: object) => unknown,
  context: AsyncResource,
): MemoryChannel {
  /** Deliveries in transit to the far end. */
  const pending: (() => void)[] = [];
  const deliverNext = (): void => pending.shift()?.();
  const deliver = (action: () => void): void => {
    pending.push(() => context.runInAsyncScope(action));
    setImmediate(deliverNext);
  };
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
    flush() {
      while (pending.length > 0) deliverNext();
    },
  };
}
